package main

import (
	"encoding/binary"
	"io"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	echoProtocol protocol.ID = "/bench/echo/1.0.0"
	sinkProtocol protocol.ID = "/bench/sink/1.0.0"
)

func handle(node host.Host) {
	node.SetStreamHandler(echoProtocol, func(s network.Stream) {
		if _, err := io.Copy(s, s); err != nil {
			_ = s.Reset()
			return
		}
		_ = s.Close()
	})
	node.SetStreamHandler(sinkProtocol, func(s network.Stream) {
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, s, make([]byte, bulkWriteBytes))
		if err != nil {
			_ = s.Reset()
			return
		}
		_ = binary.Write(s, binary.BigEndian, n)
		_ = s.Close()
	})
}
