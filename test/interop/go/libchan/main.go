// Libchan-peer is the other side of swarmd's channels in tests: Go libchan over SPDY, as it was left in 2016.
//
//	libchan-peer serve -listen 127.0.0.1:0 [-cert file -key file]
//	libchan-peer call -connect 127.0.0.1:1234 [-ca file] case...
//	libchan-peer vectors
//
// A server prints "listening" and its address, and ends when its standard input does. A caller runs the cases,
// each on a connection of its own, and prints a line for each.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// caseTimeout bounds one case: Go libchan waits for ever when it waits.
const caseTimeout = 60 * time.Second

func main() {
	if len(os.Args) < 2 {
		fail("usage: libchan-peer serve|call|vectors [flags] [case...]")
	}

	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
	connect := flags.String("connect", "", "address to connect to")
	cert := flags.String("cert", "", "certificate, for TLS")
	key := flags.String("key", "", "key of the certificate")
	ca := flags.String("ca", "", "certificate to trust, for TLS")

	if err := flags.Parse(os.Args[2:]); err != nil {
		fail(err)
	}

	switch os.Args[1] {
	case "serve":
		go func() {
			io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()

		if err := serve(*listen, *cert, *key); err != nil {
			fail(err)
		}
	case "call":
		for _, name := range flags.Args() {
			if err := callWithin(caseTimeout, name, *connect, *ca); err != nil {
				fail(name, err)
			}
			fmt.Println("ok", name)
		}
	case "vectors":
		if err := printVectors(os.Stdout); err != nil {
			fail(err)
		}
	default:
		fail("unknown command", os.Args[1])
	}
}

func fail(what ...any) {
	fmt.Fprintln(os.Stderr, what...)
	os.Exit(1)
}
