package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// forward does what kubectl port-forward does, from a port that is free.
func (c *client) forward(ctx context.Context, ports []string) error {
	if len(ports) != 1 {
		return fmt.Errorf("forward takes one port, not %d", len(ports))
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()

	dialer := spdy.NewDialer(c.upgrader, &http.Client{Transport: c.transport}, http.MethodPost, c.at("portforward", nil))
	ready := make(chan struct{})

	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{"0:" + ports[0]}, ctx.Done(), ready, io.Discard, os.Stderr)
	if err != nil {
		return err
	}

	go func() {
		<-ready

		if forwarded, err := forwarder.GetPorts(); err == nil {
			tell(outcome{Port: forwarded[0].Local})
		}
	}()

	return forwarder.ForwardPorts()
}
