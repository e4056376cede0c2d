package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/docker/libchan"
	"github.com/docker/libchan/spdy"
)

// requestsInFlight are sent without waiting for answers.
const requestsInFlight = 200

// caller has one connection and one top-level channel on it.
type caller struct {
	conn      *watchedConn
	transport libchan.Transport
	requests  libchan.Sender
}

var cases = map[string]func(*caller) error{
	"echo":   callEcho,
	"flight": callInFlight,
	"record": callRecord,
	"sum":    callSum,
	"count":  callCount,
	"nest":   callNest,
	"read":   callRead,
	"write":  callWrite,
	"duplex": callDuplex,
	"exec":   callExec,
	"close":  callClose,
}

// watchedConn tells when spdystream closes the connection: it does so when all streams have ended.
type watchedConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *watchedConn) Close() error {
	c.once.Do(func() { close(c.closed) })

	return c.Conn.Close()
}

func callWithin(timeout time.Duration, name, address, ca string) error {
	run, ok := cases[name]
	if !ok {
		return errors.New("unknown case")
	}

	done := make(chan error, 1)
	go func() {
		c, err := connectTo(address, ca)
		if err == nil {
			err = run(c)
		}
		if err == nil {
			err = c.close()
		}
		done <- err
	}()

	select {
	case err := <-done:
		return err
	case <-time.After(timeout):
		return errors.New("timed out")
	}
}

func connectTo(address, ca string) (*caller, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}

	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		conn = tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "localhost"})
	}

	watched := &watchedConn{Conn: conn, closed: make(chan struct{})}
	provider, err := spdy.NewSpdyStreamProvider(watched, false)
	if err != nil {
		return nil, err
	}

	transport := spdy.NewTransport(provider)
	requests, err := transport.NewSendChannel()

	return &caller{conn: watched, transport: transport, requests: requests}, err
}

// close waits until all streams have ended, as spdystream does: those that are open are for the other side to end.
func (c *caller) close() error {
	if err := c.transport.(io.Closer).Close(); err != nil {
		return err
	}
	<-c.conn.closed

	return nil
}

// ask sends a request and gives the one reply.
func (c *caller) ask(request *Request) (*Reply, error) {
	receiver, sender := libchan.Pipe()
	request.Ret = sender
	if err := c.requests.Send(request); err != nil {
		return nil, err
	}

	reply := &Reply{}
	if err := receiver.Receive(reply); err != nil {
		return nil, err
	}
	if err := receiver.Receive(&Reply{}); err != io.EOF {
		return nil, fmt.Errorf("%v came instead of the end", err)
	}

	return reply, nil
}

func callEcho(c *caller) error {
	values := []any{
		nil, true, false, "", "grüße", strings.Repeat("x", 70000), []byte{}, []byte{0, 255},
		int64(0), int64(-1), int64(127), int64(128), int64(-129), int64(1) << 40, int64(math.MinInt64),
		0.5, -1e300, math.Inf(1),
	}

	for _, value := range values {
		reply, err := c.ask(&Request{Op: "echo", Value: value})
		if err != nil {
			return fmt.Errorf("%.20v: %w", value, err)
		}
		if !same(reply.Value, value) {
			return fmt.Errorf("%#v came back for %#v", reply.Value, value)
		}
	}

	return nil
}

// same compares as msgpack does: integers have no width.
func same(a, b any) bool {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if va.IsValid() && vb.IsValid() && va.CanInt() && vb.CanInt() {
		return va.Int() == vb.Int()
	}
	if va.IsValid() && vb.IsValid() && va.CanUint() && vb.CanInt() {
		return vb.Int() >= 0 && va.Uint() == uint64(vb.Int())
	}

	return reflect.DeepEqual(a, b)
}

func callInFlight(c *caller) error {
	receivers := make([]libchan.Receiver, requestsInFlight)

	for i := range receivers {
		receiver, sender := libchan.Pipe()
		receivers[i] = receiver
		if err := c.requests.Send(&Request{Op: "echo", Value: i, Ret: sender}); err != nil {
			return err
		}
	}

	for i, receiver := range receivers {
		reply := &Reply{}
		if err := receiver.Receive(reply); err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
		if !same(reply.Value, int64(i)) {
			return fmt.Errorf("%v came back for %d", reply.Value, i)
		}
	}

	return nil
}

func callRecord(c *caller) error {
	when := time.Unix(1700000000, 123000000) // in milliseconds, as JavaScript has it

	// numbers without a fraction come back as integers, which Go libchan puts into no field of floats
	record := &Record{
		Int: -5, Uint: math.MaxUint64, Small: -128, Float: 1.25, Single: 0.5, Flag: true, Text: "text",
		Bytes: []byte{1, 2, 3}, When: &when, List: []string{"a", "b"}, Map: map[string]string{"k": "v"},
		Inner: &Record{Text: "inner", When: &when, Float: 2.5, Single: 2.5}, Tagged: "tagged",
	}

	reply, err := c.ask(&Request{Op: "record", Data: record})
	if err != nil {
		return err
	}

	got := reply.Data
	if got == nil || got.Inner == nil || got.Inner.Text != "inner" || !sameTime(got.When, when) || !sameTime(got.Inner.When, when) {
		return fmt.Errorf("%+v came back", got)
	}
	if got.Int != -5 || got.Uint != math.MaxUint64 || got.Small != -128 || got.Float != 1.25 || got.Single != 0.5 ||
		!got.Flag || got.Text != "text" || !bytes.Equal(got.Bytes, record.Bytes) || got.Tagged != "tagged" ||
		!reflect.DeepEqual(got.List, record.List) || !reflect.DeepEqual(got.Map, record.Map) {
		return fmt.Errorf("%+v came back", got)
	}

	return nil
}

func sameTime(got any, when time.Time) bool {
	t, ok := got.(*time.Time)

	return ok && t.Equal(when)
}

func callSum(c *caller) error {
	receiver, sender := libchan.Pipe()
	failed := make(chan error, 1)
	go func() {
		failed <- sendNumbers(sender, 1000)
	}()

	reply, err := c.ask(&Request{Op: "sum", In: receiver})
	if err != nil {
		return err
	}
	if reply.N != 499500 {
		return fmt.Errorf("the sum is %d", reply.N)
	}

	return <-failed
}

func callCount(c *caller) error {
	receiver, sender := libchan.Pipe()
	if err := c.requests.Send(&Request{Op: "count", N: 1000, Ret: sender}); err != nil {
		return err
	}

	for i := range 1000 {
		number := &Number{}
		if err := receiver.Receive(number); err != nil {
			return err
		}
		if number.N != i {
			return fmt.Errorf("%d came instead of %d", number.N, i)
		}
	}
	if err := receiver.Receive(&Number{}); err != io.EOF {
		return fmt.Errorf("%v came instead of the end", err)
	}

	return nil
}

// callNest answers each channel with another, as the server does.
func callNest(c *caller) error {
	receiver, sender := libchan.Pipe()
	if err := c.requests.Send(&Request{Op: "nest", Ret: sender}); err != nil {
		return err
	}

	for level := 0; ; level += 2 {
		link := &Link{}
		if err := receiver.Receive(link); err != nil {
			return err
		}
		if link.Level != level {
			return fmt.Errorf("level %d came instead of %d", link.Level, level)
		}
		if link.Next == nil {
			return errors.New("the other side came to the bottom")
		}

		if level+1 == nestingDepth {
			if err := link.Next.Send(&Link{Level: level + 1, Text: "bottom"}); err != nil {
				return err
			}
			return link.Next.Close()
		}

		receiver, sender = libchan.Pipe()
		if err := link.Next.Send(&Link{Level: level + 1, Next: sender}); err != nil {
			return err
		}
		if err := link.Next.Close(); err != nil {
			return err
		}
	}
}

func callRead(c *caller) error {
	reply, err := c.ask(&Request{Op: "read", Reader: &pattern{left: streamBytes}})
	if err != nil {
		return err
	}
	if reply.N != streamBytes || reply.Sum != patternSum(streamBytes) {
		return fmt.Errorf("%d bytes came, with sum %s", reply.N, reply.Sum)
	}

	return nil
}

func callWrite(c *caller) error {
	reader, writer := io.Pipe()
	if err := c.requests.Send(&Request{Op: "write", N: streamBytes, Writer: writer}); err != nil {
		return err
	}

	return checkPattern(reader)
}

func checkPattern(r io.Reader) error {
	n, sum, err := checksum(r)
	if err != nil {
		return err
	}
	if n != streamBytes || sum != patternSum(streamBytes) {
		return fmt.Errorf("%d bytes came, with sum %s", n, sum)
	}

	return nil
}

// halfCloser is a two-way stream whose reading end is apart from its writing end.
type halfCloser struct {
	io.Reader
	io.WriteCloser
}

func callDuplex(c *caller) error {
	reader, writer := io.Pipe()
	duplex := &halfCloser{Reader: &pattern{left: streamBytes}, WriteCloser: writer}
	if err := c.requests.Send(&Request{Op: "duplex", Duplex: duplex}); err != nil {
		return err
	}

	return checkPattern(reader)
}

func callExec(c *caller) error {
	outReader, outWriter := io.Pipe()
	errReader, errWriter := io.Pipe()
	outputs := make(chan string, 2)
	for _, reader := range []io.Reader{outReader, errReader} {
		go func() {
			output, _ := io.ReadAll(reader)
			outputs <- string(output)
		}()
	}

	reply, err := c.ask(&Request{
		Op: "exec", Cmd: "sh", Args: []string{"-c", "tr a-z A-Z; echo trouble >&2; exit 7"},
		Stdin: strings.NewReader("hello"), Stdout: outWriter, Stderr: errWriter,
	})
	if err != nil {
		return err
	}

	first, second := <-outputs, <-outputs
	if first+second != "HELLOtrouble\n" && second+first != "HELLOtrouble\n" {
		return fmt.Errorf("%q and %q came", first, second)
	}
	if reply.Status != 7 {
		return fmt.Errorf("the status is %d", reply.Status)
	}

	return nil
}

// callClose leaves a channel open, and its request unanswered, when the transport closes.
func callClose(c *caller) error {
	_, sender := libchan.Pipe()
	if err := c.requests.Send(&Request{Op: "wait", Ret: sender}); err != nil {
		return err
	}
	_, err := c.ask(&Request{Op: "echo", Value: "before"})

	return err
}
