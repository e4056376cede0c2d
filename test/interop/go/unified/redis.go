package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// redis asks a server in RESP2, one command after the other.
type redis struct {
	net.Conn
	in *bufio.Reader
}

func dialRedis(ctx context.Context, address string) (*redis, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	return &redis{conn, bufio.NewReader(conn)}, nil
}

// Do gives the reply as a list of strings, which is empty for nil.
func (r *redis) Do(words ...string) ([]string, error) {
	command := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		command += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(r, command); err != nil {
		return nil, err
	}
	return r.reply()
}

func (r *redis) reply() ([]string, error) {
	line, err := r.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, rest := line[0], strings.TrimSpace(line[1:])
	switch kind {
	case '+', ':':
		return []string{rest}, nil
	case '-':
		return nil, errors.New(rest)
	}
	count, err := strconv.Atoi(rest)
	if err != nil || count < 0 {
		return nil, err
	}
	if kind == '$' {
		text := make([]byte, count+2)
		_, err := io.ReadFull(r.in, text)
		return []string{string(text[:count])}, err
	}
	items := []string{}
	for range count {
		item, err := r.reply()
		if err != nil {
			return nil, err
		}
		items = append(items, item...)
	}
	return items, nil
}
