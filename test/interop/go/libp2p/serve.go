package main

import (
	"encoding/binary"
	"io"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	echoProtocol  protocol.ID = "/echo/1.0.0"
	sinkProtocol  protocol.ID = "/test/sink/1.0.0"
	giveProtocol  protocol.ID = "/test/give/1.0.0"
	resetProtocol protocol.ID = "/test/reset/1.0.0"
	perfProtocol  protocol.ID = "/perf/1.0.0"
)

// serve answers the protocols that the tests use; identify and ping come with the host.
func serve(node host.Host) {
	node.SetStreamHandler(echoProtocol, func(s network.Stream) {
		if _, err := io.Copy(s, s); err != nil {
			_ = s.Reset()
			return
		}
		_ = s.Close()
	})
	// reads to the end, then says how many bytes there were: the other side closes its direction first
	node.SetStreamHandler(sinkProtocol, func(s network.Stream) {
		n, err := io.Copy(io.Discard, s)
		if err != nil {
			_ = s.Reset()
			return
		}
		_ = binary.Write(s, binary.BigEndian, uint64(n))
		_ = s.Close()
	})
	// closes its own direction first, then reads to the end
	node.SetStreamHandler(giveProtocol, func(s network.Stream) {
		_, _ = s.Write([]byte("given"))
		_ = s.CloseWrite()
		_, _ = io.Copy(io.Discard, s)
		_ = s.Close()
	})
	node.SetStreamHandler(resetProtocol, func(s network.Stream) {
		_, _ = io.ReadFull(s, make([]byte, 1))
		_ = s.ResetWithError(42)
	})
	// libp2p/specs perf: a count, what is uploaded, the end; then as many bytes as were asked for
	node.SetStreamHandler(perfProtocol, func(s network.Stream) {
		var count uint64
		if err := binary.Read(s, binary.BigEndian, &count); err != nil {
			_ = s.Reset()
			return
		}
		if _, err := io.Copy(io.Discard, s); err != nil {
			_ = s.Reset()
			return
		}
		if _, err := io.CopyN(s, zeros{}, int64(count)); err != nil {
			_ = s.Reset()
			return
		}
		_ = s.Close()
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
