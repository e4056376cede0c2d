// Kubernetes-peer is a Kubernetes client for tests: what kubectl does for exec and port-forward, by the packages of
// client-go that kubectl uses, over SPDY.
//
//	kubernetes-peer exec -server https://127.0.0.1:1234 [-ca file] [-stdin] [-tty] [-sizes 80x24,120x40] command [argument...]
//	kubernetes-peer forward -server https://127.0.0.1:1234 [-ca file] port
//
// The standard streams of exec are those of the command. What came of it is a line of JSON on file descriptor 3, where
// forward tells first at which port it listens. An interrupt ends either; forward ends with its standard input, too.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/exec"
)

const podPath = "/api/v1/namespaces/default/pods/tests/"

// outcome is what came of a command. Code is there when it ran and ended with one that is not zero.
type outcome struct {
	Code  int    `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
	Port  uint16 `json:"port,omitempty"`
}

var outcomes = os.NewFile(3, "outcomes")

func main() {
	if len(os.Args) < 2 {
		fail("usage: kubernetes-peer exec|forward [flags] arguments")
	}

	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	server := flags.String("server", "", "URL of the API server")
	ca := flags.String("ca", "", "file with the certificate to trust")
	ping := flags.Duration("ping", 5*time.Second, "how often to ping")
	stdin := flags.Bool("stdin", false, "pass standard input")
	tty := flags.Bool("tty", false, "ask for a terminal")
	sizes := flags.String("sizes", "", "sizes that the terminal takes, one after the other")

	if err := flags.Parse(os.Args[2:]); err != nil {
		fail(err)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	client, err := newClient(*server, *ca, *ping)
	if err != nil {
		fail(err)
	}

	switch os.Args[1] {
	case "exec":
		err = client.exec(ctx, execOptions{command: flags.Args(), stdin: *stdin, tty: *tty, sizes: *sizes})
	case "forward":
		err = client.forward(ctx, flags.Args())
	default:
		fail("unknown command", os.Args[1])
	}

	report(err)
}

// client is a round tripper as client-go makes it for a configuration, but for how often it pings.
type client struct {
	server    *url.URL
	transport http.RoundTripper
	upgrader  *spdy.SpdyRoundTripper
}

func newClient(server, ca string, pingPeriod time.Duration) (*client, error) {
	address, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	config := &rest.Config{Host: server, TLSClientConfig: rest.TLSClientConfig{CAFile: ca}}

	tlsConfig, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}

	upgrader, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{TLS: tlsConfig, PingPeriod: pingPeriod})
	if err != nil {
		return nil, err
	}

	transport, err := rest.HTTPWrappersForConfig(config, upgrader)
	if err != nil {
		return nil, err
	}

	return &client{server: address, transport: transport, upgrader: upgrader}, nil
}

// at is the URL of a subresource of the one pod.
func (c *client) at(subresource string, query url.Values) *url.URL {
	address := c.server.JoinPath(podPath, subresource)
	address.RawQuery = query.Encode()

	return address
}

func report(err error) {
	var result outcome
	var exit exec.CodeExitError

	switch {
	case errors.As(err, &exit):
		result.Code = exit.Code
	case err != nil:
		result.Error = err.Error()
	}

	tell(result)
}

func tell(result outcome) {
	if err := json.NewEncoder(outcomes).Encode(result); err != nil {
		fail(err)
	}
}

func fail(what ...any) {
	fmt.Fprintln(os.Stderr, what...)
	os.Exit(1)
}
