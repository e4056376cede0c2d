// Command peer is a go-libp2p node that tests drive: it prints its addresses as a line of JSON, then does
// what each line of JSON on its stdin asks, and answers with a line of JSON.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
)

type request struct {
	ID   int             `json:"id"`
	Verb string          `json:"verb"`
	Args json.RawMessage `json:"args"`
}

type peer struct {
	host   host.Host
	dht    *dht.IpfsDHT
	pubsub *pubsub.PubSub
	topics sync.Map
}

func main() {
	listen := flag.String("listen", "/ip4/127.0.0.1/tcp/0", "multiaddrs, separated by commas, or none")
	key := flag.String("key", "ed25519", "ed25519 or rsa")
	security := flag.String("security", "noise", "noise or tls")
	isRelay := flag.Bool("relay", false, "relay for others")
	versions := flag.Bool("versions", false, "print the versions of the modules and end")
	flag.Parse()

	if *versions {
		printVersions()
		return
	}
	if err := run(*listen, *key, *security, *isRelay); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func printVersions() {
	info, _ := debug.ReadBuildInfo()
	found := map[string]string{"go": info.GoVersion}
	for _, module := range info.Deps {
		if strings.HasPrefix(module.Path, "github.com/libp2p/") {
			found[strings.TrimPrefix(module.Path, "github.com/libp2p/")] = module.Version
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(found)
}

func newKey(kind string) (crypto.PrivKey, error) {
	if kind == "rsa" {
		private, _, err := crypto.GenerateKeyPairWithReader(crypto.RSA, 2048, rand.Reader)
		return private, err
	}
	private, _, err := crypto.GenerateEd25519Key(rand.Reader)
	return private, err
}

func run(listen, kind, security string, isRelay bool) error {
	key, err := newKey(kind)
	if err != nil {
		return err
	}
	options := []libp2p.Option{
		libp2p.Identity(key),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ForceReachabilityPublic(),
		libp2p.ProtocolVersion("test/1.0.0"),
		// by default a peer may open two streams of ping at once, and those that have ended count until their handler has noticed
		libp2p.ResourceManager(&network.NullResourceManager{}),
	}
	if listen == "none" {
		options = append(options, libp2p.NoListenAddrs, libp2p.EnableRelay())
	} else {
		options = append(options, libp2p.ListenAddrStrings(strings.Split(listen, ",")...))
	}
	if security == "tls" {
		options = append(options, libp2p.Security(libp2ptls.ID, libp2ptls.New))
	} else {
		options = append(options, libp2p.Security(noise.ID, noise.New))
	}
	if isRelay {
		options = append(options, libp2p.EnableRelayService(relay.WithInfiniteLimits()))
	}
	node, err := libp2p.New(options...)
	if err != nil {
		return err
	}
	defer node.Close()

	p := &peer{host: node}
	if p.dht, err = dht.New(context.Background(), node, dht.Mode(dht.ModeServer), dht.ProtocolPrefix("/test")); err != nil {
		return err
	}
	if p.pubsub, err = pubsub.NewGossipSub(context.Background(), node); err != nil {
		return err
	}
	serve(node)
	return p.obey()
}

func (p *peer) obey() error {
	out := json.NewEncoder(os.Stdout)
	var lock sync.Mutex
	say := func(value any) {
		lock.Lock()
		defer lock.Unlock()
		_ = out.Encode(value)
	}

	addrs := []string{}
	for _, addr := range p.host.Addrs() {
		addrs = append(addrs, addr.String()+"/p2p/"+p.host.ID().String())
	}
	say(map[string]any{"peer": p.host.ID().String(), "addrs": addrs})

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 1<<16), 1<<24)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		go func() {
			value, err := p.do(r)
			if err != nil {
				say(map[string]any{"id": r.ID, "error": err.Error()})
			} else {
				say(map[string]any{"id": r.ID, "value": value})
			}
		}()
	}
	return lines.Err()
}
