package server_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// echo is a server that answers each line with itself, and tells what it got.
type echo struct {
	addr string
	got  chan string
}

func newEcho(t *testing.T) *echo {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{addr: listener.Addr().String(), got: make(chan string, 100)}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { e.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		conns.Wait()
	})
	return e
}

func (e *echo) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		e.got <- line
		io.WriteString(conn, line)
	}
}

// client is a connection through the proxy.
type client struct {
	*testing.T
	net.Conn
	answers *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) say(line string) {
	c.T.Helper()
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		c.T.Fatal(err)
	}
}

func (c *client) expect(line string) {
	c.T.Helper()
	got, err := c.answers.ReadString('\n')
	if err != nil || got != line+"\n" {
		c.T.Fatalf("got %q, %v, want %q", got, err, line)
	}
}

func (c *client) expectReset() {
	c.T.Helper()
	got, err := c.answers.ReadString('\n')
	if !errors.Is(err, syscall.ECONNRESET) || got != "" {
		c.T.Fatalf("got %q, %v, want a reset", got, err)
	}
}

// expectRefused wants a new connection to be reset, as early as while it is made.
func expectRefused(t *testing.T, addr string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(time.Minute))
		_, err = conn.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("a new connection ends with %v, want a reset", err)
	}
}

// expectNothing wants nothing to come for a moment.
func (c *client) expectNothing() {
	c.T.Helper()
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got, err := c.answers.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.T.Fatalf("got %q, %v, want nothing", got, err)
	}
	c.SetReadDeadline(time.Now().Add(time.Minute))
}

func TestProxyPassesOn(t *testing.T) {
	proxy := server.NewProxy(t, newEcho(t).addr)
	long := strings.Repeat("x", 1<<20)
	var clients sync.WaitGroup
	for range 8 {
		c := dial(t, proxy.Addr())
		clients.Go(func() {
			for _, line := range []string{"hello", long, "again"} {
				io.WriteString(c, line+"\n")
				if got, err := c.answers.ReadString('\n'); err != nil || got != line+"\n" {
					t.Errorf("got %d bytes, %v", len(got), err)
				}
			}
		})
	}
	clients.Wait()
}

func TestProxyPassesOnAnEnd(t *testing.T) {
	proxy := server.NewProxy(t, newEcho(t).addr)
	c := dial(t, proxy.Addr())
	c.say("hello")
	c.Conn.(*net.TCPConn).CloseWrite()
	rest, err := io.ReadAll(c.answers)
	if err != nil || string(rest) != "hello\n" {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestRefusedResetsConnectionsOldAndNew(t *testing.T) {
	proxy := server.NewProxy(t, newEcho(t).addr)
	old := dial(t, proxy.Addr())
	old.say("hello")
	old.expect("hello")
	proxy.Set(storetest.Refused)
	old.expectReset()
	expectRefused(t, proxy.Addr())
	proxy.Set(storetest.NoFault)
	mended := dial(t, proxy.Addr())
	mended.say("again")
	mended.expect("again")
}

func TestStalledHoldsBytesUntilItIsMended(t *testing.T) {
	e := newEcho(t)
	proxy := server.NewProxy(t, e.addr)
	old := dial(t, proxy.Addr())
	old.say("hello")
	old.expect("hello")
	<-e.got
	proxy.Set(storetest.Stalled)
	old.say("held")
	fresh := dial(t, proxy.Addr())
	fresh.say("held too")
	old.expectNothing()
	fresh.expectNothing()
	if len(e.got) > 0 {
		t.Fatal("the backend got a request")
	}
	proxy.Set(storetest.NoFault)
	old.expect("held")
	fresh.expect("held too")
}

func TestStalledCanEndInAReset(t *testing.T) {
	e := newEcho(t)
	proxy := server.NewProxy(t, e.addr)
	c := dial(t, proxy.Addr())
	c.say("hello")
	c.expect("hello")
	<-e.got
	proxy.Set(storetest.Stalled)
	c.say("lost")
	c.expectNothing()
	proxy.Set(storetest.Refused)
	c.expectReset()
	if len(e.got) > 0 {
		t.Fatal("the backend got a request")
	}
}

func TestResponsesCutLetsRequestsThrough(t *testing.T) {
	e := newEcho(t)
	proxy := server.NewProxy(t, e.addr)
	old := dial(t, proxy.Addr())
	old.say("hello")
	old.expect("hello")
	<-e.got
	proxy.Set(storetest.ResponsesCut)
	for _, c := range []*client{old, dial(t, proxy.Addr())} {
		c.say("do it")
		if got := <-e.got; got != "do it\n" {
			t.Errorf("the backend got %q", got)
		}
		c.expectReset()
	}
	proxy.Set(storetest.NoFault)
	mended := dial(t, proxy.Addr())
	mended.say("again")
	mended.expect("again")
}

func TestProxyWithoutABackendResets(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	proxy := server.NewProxy(t, listener.Addr().String())
	expectRefused(t, proxy.Addr())
}

// The echo server's goroutines and those of the proxy end, or the clean-up hangs.
func TestProxyEndsWhateverItHolds(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.NoFault, storetest.Refused, storetest.Stalled, storetest.ResponsesCut} {
		var c *client
		t.Run("", func(t *testing.T) {
			proxy := server.NewProxy(t, newEcho(t).addr)
			c = dial(t, proxy.Addr())
			c.say("hello")
			c.expect("hello")
			proxy.Set(fault)
			io.WriteString(c, "held\n")
		})
	}
}
