// Command libp2p is one end of the benchmarks of go-libp2p. `serve <security>` prints its address, `connect <security>
// <address>` asks what each line of JSON on its stdin says, and answers with a line of JSON. The end of stdin ends it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "serve":
		return serve(args[1])
	case len(args) == 3 && args[0] == "connect":
		return obey(args[1], args[2])
	default:
		return fmt.Errorf("wanted serve <security> or connect <security> <address>, got %v", args)
	}
}

// newHost makes a host with TCP, one security and yamux, and without limits; identify is always there.
func newHost(security, listen string) (host.Host, error) {
	options := []libp2p.Option{
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.ConnectionManager(connmgr.NullConnMgr{}),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
		libp2p.ForceReachabilityPublic(),
	}
	if security == "tls" {
		options = append(options, libp2p.Security(libp2ptls.ID, libp2ptls.New))
	} else {
		options = append(options, libp2p.Security(noise.ID, noise.New))
	}
	if listen == "" {
		options = append(options, libp2p.NoListenAddrs)
	} else {
		options = append(options, libp2p.ListenAddrStrings(listen))
	}
	return libp2p.New(options...)
}

func serve(security string) error {
	node, err := newHost(security, "/ip4/127.0.0.1/tcp/0")
	if err != nil {
		return err
	}
	defer node.Close()
	handle(node)
	fmt.Printf("%s/p2p/%s\n", node.Addrs()[0], node.ID())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

type question struct {
	Name     string  `json:"name"`
	Seconds  float64 `json:"seconds"`
	Count    int64   `json:"count"`
	Parallel int     `json:"parallel"`
}

type answer struct {
	Units   int64   `json:"units"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

func obey(security, address string) error {
	c, err := newClient(security, address)
	if err != nil {
		return err
	}
	defer c.close()
	fmt.Println("connected")
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		a, err := c.ask(q)
		if err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}
