// Command unified is go-libp2p as a transport test application of https://github.com/libp2p/unified-testing,
// written after docs/write-a-transport-test-app.md there. go-libp2p has a program of its own for this, in a
// module that depends on the checkout around it and so cannot be had from a module proxy.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
	manet "github.com/multiformats/go-multiaddr/net"
)

const defaultTimeout = 180 * time.Second

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-version" {
		fmt.Println(version())
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/libp2p/go-libp2p" {
			return module.Version
		}
	}
	return "unknown"
}

func run() error {
	timeout := defaultTimeout
	if text := os.Getenv("TEST_TIMEOUT_SECS"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		timeout = time.Duration(seconds) * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()

	node, err := newHost()
	if err != nil {
		return err
	}
	defer node.Close()
	store, err := dialRedis(ctx, os.Getenv("REDIS_ADDR"))
	if err != nil {
		return err
	}
	defer store.Close()

	key := os.Getenv("TEST_KEY") + "_listener_multiaddr"
	if os.Getenv("IS_DIALER") == "true" {
		return dial(ctx, node, store, key)
	}
	return listen(ctx, node, store, key)
}

func newHost() (host.Host, error) {
	options := []libp2p.Option{}
	address := ""
	switch name := os.Getenv("TRANSPORT"); name {
	case "tcp":
		address = "/tcp/0"
		options = append(options, libp2p.Transport(tcp.NewTCPTransport))
	case "ws":
		address = "/tcp/0/ws"
		options = append(options, libp2p.Transport(websocket.New))
	case "quic-v1":
		address = "/udp/0/quic-v1"
		options = append(options, libp2p.Transport(libp2pquic.NewTransport))
	default:
		return nil, fmt.Errorf("TRANSPORT %q is not known here", name)
	}
	if os.Getenv("TRANSPORT") != "quic-v1" {
		upgrade, err := upgradeOptions(os.Getenv("SECURE_CHANNEL"), os.Getenv("MUXER"))
		if err != nil {
			return nil, err
		}
		options = append(options, upgrade...)
	}
	if os.Getenv("IS_DIALER") == "true" {
		options = append(options, libp2p.NoListenAddrs)
	} else {
		options = append(options, libp2p.ListenAddrStrings("/ip4/"+os.Getenv("LISTENER_IP")+address))
	}
	return libp2p.New(options...)
}

func upgradeOptions(secureChannel, muxer string) ([]libp2p.Option, error) {
	if muxer != "yamux" {
		return nil, fmt.Errorf("MUXER %q is not known here", muxer)
	}
	options := []libp2p.Option{libp2p.Muxer(yamux.ID, yamux.DefaultTransport)}
	switch secureChannel {
	case "noise":
		return append(options, libp2p.Security(noise.ID, noise.New)), nil
	case "tls":
		return append(options, libp2p.Security(libp2ptls.ID, libp2ptls.New)), nil
	default:
		return nil, fmt.Errorf("SECURE_CHANNEL %q is not known here", secureChannel)
	}
}

func listen(ctx context.Context, node host.Host, store *redis, key string) error {
	address := ""
	for _, addr := range node.Addrs() {
		if address == "" || !manet.IsIPLoopback(addr) {
			address = addr.String() + "/p2p/" + node.ID().String()
		}
	}
	if _, err := store.Do("DEL", key); err != nil {
		return err
	}
	if _, err := store.Do("RPUSH", key, address); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "listening on", address)

	terminated, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	<-terminated.Done()
	return ctx.Err()
}

func dial(ctx context.Context, node host.Host, store *redis, key string) error {
	deadline, _ := ctx.Deadline()
	answer, err := store.Do("BLPOP", key, strconv.Itoa(int(time.Until(deadline).Seconds())+1))
	if err != nil {
		return err
	}
	if len(answer) != 2 {
		return errors.New("no listener told its address under " + key)
	}
	fmt.Fprintln(os.Stderr, "dialing", answer[1])
	info, err := peer.AddrInfoFromString(answer[1])
	if err != nil {
		return err
	}

	started := time.Now()
	if err := node.Connect(ctx, *info); err != nil {
		return err
	}
	results := ping.Ping(ctx, node, info.ID)
	if first := <-results; first.Error != nil {
		return first.Error
	}
	handshakePlusOneRTT := time.Since(started)
	second := <-results
	if second.Error != nil {
		return second.Error
	}
	fmt.Print(strings.Join([]string{
		"latency:",
		fmt.Sprintf("  handshake_plus_one_rtt: %.3f", milliseconds(handshakePlusOneRTT)),
		fmt.Sprintf("  ping_rtt: %.3f", milliseconds(second.RTT)),
		"  unit: ms\n",
	}, "\n"))
	return nil
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
