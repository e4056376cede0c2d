package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	peerid "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/multiformats/go-multiaddr"
)

const limit = 30 * time.Second

type args struct {
	Addr     string `json:"addr"`
	Peer     string `json:"peer"`
	Protocol string `json:"protocol"`
	Bytes    int    `json:"bytes"`
	Upload   uint64 `json:"upload"`
	Download uint64 `json:"download"`
	Topic    string `json:"topic"`
	Text     string `json:"text"`
}

type facts = map[string]any

func (p *peer) do(r request) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()

	var a args
	if len(r.Args) > 0 {
		if err := json.Unmarshal(r.Args, &a); err != nil {
			return nil, err
		}
	}
	verbs := map[string]func(context.Context, args) (any, error){
		"connect": p.connect, "connection": p.connection, "disconnect": p.disconnect,
		"ping": p.ping, "echo": p.echo, "sink": p.sink, "give": p.give, "reset": p.reset, "perf": p.perf,
		"identify": p.identify, "add-protocol": p.addProtocol, "refused": p.refused, "lazy": p.lazy, "reserve": p.reserve,
		"provide": p.provide, "find": p.find, "join": p.join, "publish": p.publish, "next": p.next,
	}
	do, ok := verbs[r.Verb]
	if !ok {
		return nil, fmt.Errorf("there is no verb %s", r.Verb)
	}
	return do(ctx, a)
}

func (p *peer) connect(ctx context.Context, a args) (any, error) {
	info, err := peerid.AddrInfoFromString(a.Addr)
	if err != nil {
		return nil, err
	}
	if err := p.host.Connect(network.WithAllowLimitedConn(ctx, "test"), *info); err != nil {
		return nil, err
	}
	return p.connection(ctx, args{Peer: info.ID.String()})
}

func (p *peer) connection(_ context.Context, a args) (any, error) {
	id, err := peerid.Decode(a.Peer)
	if err != nil {
		return nil, err
	}
	conns := p.host.Network().ConnsToPeer(id)
	if len(conns) == 0 {
		return nil, errors.New("not connected")
	}
	state := conns[0].ConnState()
	return facts{
		"peer": id.String(), "security": string(state.Security), "muxer": string(state.StreamMultiplexer), "transport": transportOf(conns[0]),
		"early": state.UsedEarlyMuxerNegotiation, "limited": conns[0].Stat().Limited, "keyType": conns[0].RemotePublicKey().Type().String(),
	}, nil
}

func transportOf(conn network.Conn) string {
	for _, name := range []string{"p2p-circuit", "quic-v1", "ws", "tcp"} {
		if p := multiaddr.ProtocolWithName(name); p.Code != 0 {
			if _, err := conn.RemoteMultiaddr().ValueForProtocol(p.Code); err == nil {
				return name
			}
		}
	}
	return conn.ConnState().Transport
}

func (p *peer) disconnect(_ context.Context, a args) (any, error) {
	id, err := peerid.Decode(a.Peer)
	if err != nil {
		return nil, err
	}
	return nil, p.host.Network().ClosePeer(id)
}

func (p *peer) open(ctx context.Context, a args, id protocol.ID) (network.Stream, error) {
	peer, err := peerid.Decode(a.Peer)
	if err != nil {
		return nil, err
	}
	return p.host.NewStream(network.WithAllowLimitedConn(ctx, "test"), peer, id)
}

func (p *peer) ping(ctx context.Context, a args) (any, error) {
	id, err := peerid.Decode(a.Peer)
	if err != nil {
		return nil, err
	}
	// one stream for all three: it ends with its context
	ctx, cancel := context.WithCancel(network.WithAllowLimitedConn(ctx, "test"))
	defer cancel()
	results := ping.Ping(ctx, p.host, id)
	for range 3 {
		if result := <-results; result.Error != nil {
			return nil, result.Error
		}
	}
	return nil, nil
}

// echo writes and reads at the same time, and compares what comes back.
func (p *peer) echo(ctx context.Context, a args) (any, error) {
	s, err := p.open(ctx, a, echoProtocol)
	if err != nil {
		return nil, err
	}
	sent := make([]byte, a.Bytes)
	_, _ = rand.Read(sent)
	failed := make(chan error, 1)
	go func() {
		_, err := io.Copy(s, bytes.NewReader(sent))
		if err == nil {
			err = s.CloseWrite()
		}
		failed <- err
	}()
	got, err := io.ReadAll(s)
	if err = errors.Join(err, <-failed); err != nil {
		_ = s.Reset()
		return nil, err
	}
	if !bytes.Equal(got, sent) {
		return nil, fmt.Errorf("sent %d bytes, got %d others", len(sent), len(got))
	}
	sum := sha256.Sum256(got)
	return facts{"sha256": hex.EncodeToString(sum[:])}, s.Close()
}

func (p *peer) sink(ctx context.Context, a args) (any, error) {
	s, err := p.open(ctx, a, sinkProtocol)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(s, zeros{}, int64(a.Bytes)); err != nil {
		return nil, err
	}
	if err := s.CloseWrite(); err != nil {
		return nil, err
	}
	var count uint64
	if err := binary.Read(s, binary.BigEndian, &count); err != nil {
		return nil, err
	}
	return facts{"count": count}, s.Close()
}

func (p *peer) give(ctx context.Context, a args) (any, error) {
	s, err := p.open(ctx, a, giveProtocol)
	if err != nil {
		return nil, err
	}
	given, err := io.ReadAll(s)
	if err != nil {
		return nil, err
	}
	// the other side has ended; ours goes on
	if _, err := s.Write([]byte("after your end")); err != nil {
		return nil, err
	}
	return facts{"text": string(given)}, s.Close()
}

func (p *peer) reset(ctx context.Context, a args) (any, error) {
	s, err := p.open(ctx, a, resetProtocol)
	if err != nil {
		return nil, err
	}
	if _, err := s.Write([]byte{1}); err != nil {
		return nil, err
	}
	_, err = io.ReadAll(s)
	var reset *network.StreamError
	if !errors.As(err, &reset) {
		return nil, fmt.Errorf("wanted a reset, got %v", err)
	}
	return facts{"code": uint32(reset.ErrorCode), "remote": reset.Remote}, nil
}

func (p *peer) perf(ctx context.Context, a args) (any, error) {
	s, err := p.open(ctx, a, perfProtocol)
	if err != nil {
		return nil, err
	}
	if err := binary.Write(s, binary.BigEndian, a.Download); err != nil {
		return nil, err
	}
	if _, err := io.CopyN(s, zeros{}, int64(a.Upload)); err != nil {
		return nil, err
	}
	if err := s.CloseWrite(); err != nil {
		return nil, err
	}
	count, err := io.Copy(io.Discard, s)
	return facts{"count": count}, err
}

func (p *peer) refused(ctx context.Context, a args) (any, error) {
	s, err := p.open(ctx, a, protocol.ID(a.Protocol))
	if err == nil {
		// negotiated lazily: the refusal comes with the first bytes
		_, _ = s.Write([]byte("x"))
		_, err = io.ReadAll(s)
		_ = s.Reset()
	}
	if err == nil {
		return nil, errors.New("the protocol was not refused")
	}
	return facts{"error": err.Error()}, nil
}

// lazy opens a stream for a protocol that the peer is said to speak, which go-libp2p does without waiting for the
// answer; then it writes, and tells what came of it.
func (p *peer) lazy(ctx context.Context, a args) (any, error) {
	id, err := peerid.Decode(a.Peer)
	if err != nil {
		return nil, err
	}
	if err := p.host.Peerstore().AddProtocols(id, protocol.ID(a.Protocol)); err != nil {
		return nil, err
	}
	s, err := p.open(ctx, a, protocol.ID(a.Protocol))
	if err != nil {
		return nil, fmt.Errorf("opening was not lazy: %w", err)
	}
	if _, err = s.Write([]byte("lazily")); err == nil {
		err = s.CloseWrite()
	}
	var got []byte
	if err == nil {
		got, err = io.ReadAll(s)
	}
	if err != nil {
		_ = s.Reset()
		return facts{"error": err.Error()}, nil
	}
	return facts{"text": string(got)}, s.Close()
}

// identify tells what identify has found out, as soon as it names the protocol that is asked for.
func (p *peer) identify(ctx context.Context, a args) (any, error) {
	id, err := peerid.Decode(a.Peer)
	if err != nil {
		return nil, err
	}
	store := p.host.Peerstore()
	for {
		protocols, err := store.GetProtocols(id)
		agent, _ := store.Get(id, "AgentVersion")
		version, _ := store.Get(id, "ProtocolVersion")
		// they are stored one after another
		if err == nil && agent != nil && version != nil && slices.Contains(protocols, protocol.ID(a.Protocol)) {
			addrs := []string{}
			for _, addr := range store.Addrs(id) {
				addrs = append(addrs, addr.String())
			}
			return facts{"protocols": protocols, "agent": agent, "version": version, "addrs": addrs}, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("identify did not name %s but %v", a.Protocol, protocols)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// addProtocol changes what identify says, which is pushed to all connected peers.
func (p *peer) addProtocol(_ context.Context, a args) (any, error) {
	p.host.SetStreamHandler(protocol.ID(a.Protocol), func(s network.Stream) { _ = s.Close() })
	return nil, nil
}

func (p *peer) reserve(ctx context.Context, a args) (any, error) {
	info, err := peerid.AddrInfoFromString(a.Addr)
	if err != nil {
		return nil, err
	}
	reservation, err := client.Reserve(ctx, p.host, *info)
	if err != nil {
		return nil, err
	}
	return facts{"expires": reservation.Expiration}, nil
}
