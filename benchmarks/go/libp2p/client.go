package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"golang.org/x/sync/errgroup"
)

const (
	bulkWriteBytes = 64 * 1024
	messageBytes   = 100
)

type client struct {
	security string
	server   peer.AddrInfo
	node     host.Host
	// A host keeps one connection to a peer: more connections take more hosts.
	others []host.Host
}

func newClient(security, address string) (*client, error) {
	server, err := peer.AddrInfoFromString(address)
	if err != nil {
		return nil, err
	}
	node, err := newHost(security, "")
	if err != nil {
		return nil, err
	}
	return &client{security: security, server: *server, node: node}, node.Connect(context.Background(), *server)
}

func (c *client) close() {
	for _, node := range append(c.others, c.node) {
		_ = node.Close()
	}
}

func (c *client) ask(q question) (answer, error) {
	switch q.Name {
	case "bulk":
		return c.bulk(q)
	case "messages":
		return c.messages(q)
	case "requests":
		return c.requests(q)
	case "streams":
		return c.streams(q)
	case "connections":
		return c.connections(q)
	default:
		return answer{}, fmt.Errorf("there is no question %s", q.Name)
	}
}

// work is handed out unit by unit; its clock starts with it.
type work struct {
	start time.Time
	end   time.Time
	count int64
	taken atomic.Int64
}

func newWork(q question) *work {
	start := time.Now()
	return &work{start: start, end: start.Add(time.Duration(q.Seconds * float64(time.Second))), count: q.Count}
}

func (w *work) next() bool {
	if !time.Now().Before(w.end) {
		return false
	}
	if w.taken.Add(1) > w.count && w.count > 0 {
		w.taken.Add(-1)
		return false
	}
	return true
}

func (w *work) done(unit int64) answer {
	return answer{Units: w.taken.Load() * unit, Seconds: time.Since(w.start).Seconds()}
}

func (c *client) open(id protocol.ID) (network.Stream, error) {
	return c.node.NewStream(context.Background(), c.server.ID, id)
}

func (c *client) bulk(q question) (answer, error) {
	streams := make([]network.Stream, q.Parallel)
	for i := range streams {
		s, err := c.open(sinkProtocol)
		if err != nil {
			return answer{}, err
		}
		streams[i] = s
	}
	var group errgroup.Group
	w := newWork(q)
	for _, s := range streams {
		group.Go(func() error { return fill(s, w, bulkWriteBytes) })
	}
	err := group.Wait()
	return w.done(bulkWriteBytes), err
}

func (c *client) messages(q question) (answer, error) {
	s, err := c.open(sinkProtocol)
	if err != nil {
		return answer{}, err
	}
	w := newWork(q)
	err = fill(s, w, messageBytes)
	return w.done(1), err
}

// fill writes until there has been enough, and compares what the server has counted.
func fill(s network.Stream, w *work, size int) error {
	data := make([]byte, size)
	written := int64(0)
	for w.next() {
		n, err := s.Write(data)
		if err != nil {
			return err
		}
		written += int64(n)
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	var read int64
	if err := binary.Read(s, binary.BigEndian, &read); err != nil {
		return err
	}
	if read != written {
		return fmt.Errorf("wrote %d bytes, and the server has read %d", written, read)
	}
	return s.Close()
}

func (c *client) requests(q question) (answer, error) {
	s, err := c.open(echoProtocol)
	if err != nil {
		return answer{}, err
	}
	w := newWork(q)
	underWay := make(chan struct{}, q.Parallel)
	var group errgroup.Group
	group.Go(func() error {
		message := make([]byte, messageBytes)
		for w.next() {
			underWay <- struct{}{}
			if _, err := s.Write(message); err != nil {
				return err
			}
		}
		return s.CloseWrite()
	})
	group.Go(func() error {
		message := make([]byte, messageBytes)
		for {
			if _, err := io.ReadFull(s, message); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			<-underWay
		}
	})
	err = group.Wait()
	return w.done(1), err
}

func (c *client) streams(q question) (answer, error) {
	w := newWork(q)
	err := inParallel(w, q.Parallel, func(int) error {
		s, err := c.open(echoProtocol)
		if err != nil {
			return err
		}
		return echoOnce(s)
	})
	return w.done(1), err
}

func (c *client) connections(q question) (answer, error) {
	for len(c.others) < q.Parallel {
		node, err := newHost(c.security, "")
		if err != nil {
			return answer{}, err
		}
		c.others = append(c.others, node)
	}
	w := newWork(q)
	err := inParallel(w, q.Parallel, func(worker int) error {
		node := c.others[worker]
		if err := node.Connect(context.Background(), c.server); err != nil {
			return err
		}
		s, err := node.NewStream(context.Background(), c.server.ID, echoProtocol)
		if err != nil {
			return err
		}
		if err := echoOnce(s); err != nil {
			return err
		}
		return node.Network().ClosePeer(c.server.ID)
	})
	return w.done(1), err
}

func inParallel(w *work, parallel int, one func(worker int) error) error {
	var group errgroup.Group
	for worker := range parallel {
		group.Go(func() error {
			for w.next() {
				if err := one(worker); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func echoOnce(s network.Stream) error {
	if _, err := s.Write(make([]byte, messageBytes)); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(s)
	if err != nil {
		return err
	}
	if len(got) != messageBytes {
		return fmt.Errorf("sent %d bytes, and %d came back", messageBytes, len(got))
	}
	return s.Close()
}
