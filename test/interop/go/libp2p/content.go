package main

import (
	"context"
	"fmt"

	"github.com/ipfs/go-cid"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/multiformats/go-multihash"
)

func contentID(text string) (cid.Cid, error) {
	sum, err := multihash.Sum([]byte(text), multihash.SHA2_256, -1)
	return cid.NewCidV1(cid.Raw, sum), err
}

func (p *peer) provide(ctx context.Context, a args) (any, error) {
	id, err := contentID(a.Text)
	if err != nil {
		return nil, err
	}
	return facts{"cid": id.String()}, p.dht.Provide(ctx, id, true)
}

func (p *peer) find(ctx context.Context, a args) (any, error) {
	id, err := contentID(a.Text)
	if err != nil {
		return nil, err
	}
	found := []string{}
	for info := range p.dht.FindProvidersAsync(ctx, id, 1) {
		found = append(found, info.ID.String())
	}
	return facts{"peers": found}, nil
}

func (p *peer) join(_ context.Context, a args) (any, error) {
	topic, err := p.pubsub.Join(a.Topic)
	if err != nil {
		return nil, err
	}
	subscription, err := topic.Subscribe()
	if err != nil {
		return nil, err
	}
	p.topics.Store(a.Topic, &joined{topic, subscription})
	return nil, nil
}

type joined struct {
	topic        *pubsub.Topic
	subscription *pubsub.Subscription
}

func (p *peer) joinedTopic(name string) (*joined, error) {
	found, ok := p.topics.Load(name)
	if !ok {
		return nil, fmt.Errorf("%s was not joined", name)
	}
	return found.(*joined), nil
}

// publish waits for a peer in the mesh: what is published before reaches nobody.
func (p *peer) publish(ctx context.Context, a args) (any, error) {
	j, err := p.joinedTopic(a.Topic)
	if err != nil {
		return nil, err
	}
	return nil, j.topic.Publish(ctx, []byte(a.Text), pubsub.WithReadiness(pubsub.MinTopicSize(1)))
}

func (p *peer) next(ctx context.Context, a args) (any, error) {
	j, err := p.joinedTopic(a.Topic)
	if err != nil {
		return nil, err
	}
	for {
		message, err := j.subscription.Next(ctx)
		if err != nil {
			return nil, err
		}
		if message.ReceivedFrom != p.host.ID() {
			return facts{"text": string(message.Data), "from": message.GetFrom().String()}, nil
		}
	}
}
