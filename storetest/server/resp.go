package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const (
	respLimit   = 10 * time.Second // for one command, long enough for MIGRATE on a busy machine
	respLongest = 1 << 20          // bytes of a text or elements of a list; what is asked for here is short
)

// respConn is a connection to a Redis server. It is not safe for concurrent use.
type respConn struct {
	net.Conn
	answers *bufio.Reader
}

func dialRESP(addr string) (*respConn, error) {
	conn, err := net.DialTimeout("tcp", addr, respLimit)
	if err != nil {
		return nil, err
	}
	return &respConn{conn, bufio.NewReader(conn)}, nil
}

// do sends one command and returns the answer: a string, an int64, a []any or nil. An error
// that Redis answers is an error.
func (c *respConn) do(args ...string) (any, error) {
	if err := c.SetDeadline(time.Now().Add(respLimit)); err != nil {
		return nil, err
	}
	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := io.WriteString(c, command.String()); err != nil {
		return nil, err
	}
	answer, err := readRESP(c.answers)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(args[:min(4, len(args))], " "), err)
	}
	return answer, nil
}

// resp sends one command on a connection of its own.
func resp(addr string, args ...string) (any, error) {
	conn, err := dialRESP(addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.do(args...)
}

// respText is resp for a command that answers with text.
func respText(addr string, args ...string) (string, error) {
	answer, err := resp(addr, args...)
	if err != nil {
		return "", err
	}
	text, ok := answer.(string)
	if !ok {
		return "", fmt.Errorf("%s: Redis answered %T, not text", args[0], answer)
	}
	return text, nil
}

// readRESP reads one answer of the protocol's version 2.
func readRESP(r *bufio.Reader) (any, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return nil, errors.New("empty line from Redis")
	}
	kind, rest := line[0], line[1:]
	switch kind {
	case '+':
		return rest, nil
	case '-':
		return nil, errors.New(rest)
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == ':':
		return n, nil
	case n > respLongest:
		return nil, fmt.Errorf("answer from Redis of length %d", n)
	case (kind == '$' || kind == '*') && n < 0:
		return nil, nil
	case kind == '$':
		text := make([]byte, n+2)
		_, err := io.ReadFull(r, text)
		return string(text[:n]), err
	case kind == '*':
		list := make([]any, n)
		for i := range list {
			if list[i], err = readRESP(r); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return nil, fmt.Errorf("unknown answer from Redis: %q", line)
}
