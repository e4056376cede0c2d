package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"k8s.io/client-go/tools/remotecommand"
)

type execOptions struct {
	command []string
	stdin   bool
	tty     bool
	sizes   string
}

// exec does what kubectl exec does.
func (c *client) exec(ctx context.Context, options execOptions) error {
	query := url.Values{"command": options.command, "stdout": {"true"}}
	streams := remotecommand.StreamOptions{Stdout: os.Stdout, Tty: options.tty}

	if options.stdin {
		query.Set("stdin", "true")
		streams.Stdin = os.Stdin
	}

	if options.tty {
		sizes, err := parseSizes(options.sizes)
		if err != nil {
			return err
		}

		query.Set("tty", "true")
		streams.TerminalSizeQueue = sizes
	} else {
		query.Set("stderr", "true")
		streams.Stderr = os.Stderr
	}

	executor, err := remotecommand.NewSPDYExecutorForTransports(c.transport, c.upgrader, http.MethodPost, c.at("exec", query))
	if err != nil {
		return err
	}

	return executor.StreamWithContext(ctx, streams)
}

// sizeQueue is a terminal that takes some sizes and keeps the last.
type sizeQueue chan remotecommand.TerminalSize

func parseSizes(list string) (sizeQueue, error) {
	texts := strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
	queue := make(sizeQueue, len(texts))

	for _, text := range texts {
		var size remotecommand.TerminalSize

		if _, err := fmt.Sscanf(text, "%dx%d", &size.Width, &size.Height); err != nil {
			return nil, fmt.Errorf("a size is written 80x24, not %q: %w", text, err)
		}

		queue <- size
	}

	close(queue)

	return queue, nil
}

// Next is nil when there are no more sizes.
func (q sizeQueue) Next() *remotecommand.TerminalSize {
	size, ok := <-q
	if !ok {
		return nil
	}

	return &size
}
