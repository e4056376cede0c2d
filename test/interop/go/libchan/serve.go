package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os/exec"

	"github.com/docker/libchan"
	"github.com/docker/libchan/spdy"
)

func serve(address, cert, key string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}

	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
	}

	fmt.Println("listening", listener.Addr())

	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}

		provider, err := spdy.NewSpdyStreamProvider(conn, true)
		if err != nil {
			return err
		}
		go serveTransport(spdy.NewTransport(provider))
	}
}

func serveTransport(transport libchan.Transport) {
	for {
		receiver, err := transport.WaitReceiveChannel()
		if err != nil {
			return
		}
		go serveChannel(transport, receiver)
	}
}

// serveChannel must go on reading: an unread stream blocks every fifth of the connection.
func serveChannel(transport libchan.Transport, receiver libchan.Receiver) {
	for {
		request := &Request{}
		err := receiver.Receive(request)
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Print("receive: ", err)
			return
		}

		go func() {
			if err := handle(transport, request); err != nil {
				log.Print(request.Op, ": ", err)
			}
		}()
	}
}

func handle(transport libchan.Transport, request *Request) error {
	switch request.Op {
	case "echo":
		return answer(request.Ret, &Reply{Value: request.Value})
	case "record":
		return answer(request.Ret, &Reply{Data: request.Data})
	case "sum":
		return sumNumbers(request)
	case "count":
		return sendNumbers(request.Ret, request.N)
	case "nest":
		return nest(request.Ret, 0)
	case "read":
		return readAll(request)
	case "write":
		if _, err := io.Copy(request.Writer, &pattern{left: request.N}); err != nil {
			return err
		}
		return request.Writer.Close()
	case "duplex":
		if _, err := io.Copy(request.Duplex, request.Duplex); err != nil {
			return err
		}
		return request.Duplex.Close()
	case "exec":
		return run(request)
	case "wait":
		return nil
	case "close":
		return transport.(io.Closer).Close()
	default:
		return errors.New("unknown operation")
	}
}

func answer(ret libchan.Sender, reply *Reply) error {
	if err := ret.Send(reply); err != nil {
		return err
	}

	return ret.Close()
}

func sumNumbers(request *Request) error {
	reply := &Reply{}

	for {
		number := &Number{}
		err := request.In.Receive(number)
		if err == io.EOF {
			return answer(request.Ret, reply)
		}
		if err != nil {
			return err
		}
		reply.N += number.N
	}
}

func sendNumbers(ret libchan.Sender, n int) error {
	for i := range n {
		if err := ret.Send(&Number{N: i}); err != nil {
			return err
		}
	}

	return ret.Close()
}

// nest answers with a channel to be answered on, until an answer has none.
func nest(ret libchan.Sender, level int) error {
	receiver, sender := libchan.Pipe()
	if err := ret.Send(&Link{Level: level, Next: sender}); err != nil {
		return err
	}
	if err := ret.Close(); err != nil {
		return err
	}

	link := &Link{}
	if err := receiver.Receive(link); err != nil {
		return err
	}
	if link.Level != level+1 {
		return fmt.Errorf("level %d came instead of %d", link.Level, level+1)
	}
	if link.Next == nil {
		return nil
	}

	return nest(link.Next, level+2)
}

func readAll(request *Request) error {
	n, sum, err := checksum(request.Reader)
	if err != nil {
		return err
	}

	return answer(request.Ret, &Reply{N: n, Sum: sum})
}

// run is the example of libchan: a command elsewhere, with all its streams.
func run(request *Request) error {
	cmd := exec.Command(request.Cmd, request.Args...)
	cmd.Stdout = request.Stdout
	cmd.Stderr = request.Stderr

	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	go func() {
		io.Copy(stdin, request.Stdin)
		stdin.Close()
	}()

	reply := &Reply{}
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return err
		}
		reply.Status = exit.ExitCode()
	}
	request.Stdout.Close()
	request.Stderr.Close()

	return answer(request.Ret, reply)
}
