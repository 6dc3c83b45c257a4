package server

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/storetest"
)

// dialLimit bounds the proxy's own dialing.
const dialLimit = 10 * time.Second

// Proxy is a TCP proxy that can fail in the ways that networks do. It is safe for
// concurrent use.
type Proxy struct {
	backend  string
	listener net.Listener
	pumps    sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond // of fault and closed, under mu
	fault   storetest.Fault
	answers int // read since the fault was set
	closed  bool
	pairs   map[*pair]bool
}

// pair is a client's connection and the one to the backend that serves it.
type pair struct{ client, backend *net.TCPConn }

// NewProxy starts a proxy on a free loopback port that passes everything on to the backend, an
// address such as "127.0.0.1:6379". It ends with the test.
func NewProxy(t testing.TB, backend string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", address(0))
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{backend: backend, listener: listener, pairs: map[*pair]bool{}}
	p.changed.L = &p.mu
	p.pumps.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr returns the address of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set makes the fault the present one, for open connections and new ones; a proxy begins
// with [storetest.NoFault]. What is passing through at that moment may still get through.
// Under [storetest.Refused] the open connections have been reset when Set returns. What a
// [storetest.Stalled] proxy holds goes on as the next fault says: under NoFault as if nothing
// had been. Where the backend speaks first, as PostgreSQL and MariaDB do during a login, new
// connections get no further under [storetest.ResponsesCut], so open those to be cut before.
func (p *Proxy) Set(fault storetest.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.answers = fault, 0
	p.changed.Broadcast()
	if fault == storetest.Refused {
		p.resetAll()
	}
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.changed.Broadcast()
	p.resetAll()
	p.mu.Unlock()
	p.pumps.Wait()
}

// resetAll resets the open connections. The caller holds mu.
func (p *Proxy) resetAll() {
	for pair := range p.pairs {
		pair.reset()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.pumps.Go(func() { p.serve(client.(*net.TCPConn)) })
	}
}

// serve passes on what one client and the backend say until both have ended.
func (p *Proxy) serve(client *net.TCPConn) {
	backend, err := net.DialTimeout("tcp", p.backend, dialLimit)
	if err != nil {
		reset(client)
		return
	}
	pair := &pair{client, backend.(*net.TCPConn)}
	if !p.open(pair) {
		pair.reset()
		return
	}
	var requests sync.WaitGroup
	requests.Go(func() { p.pump(pair, pair.backend, pair.client, false) })
	p.pump(pair, pair.client, pair.backend, true)
	requests.Wait()
	pair.close()
	p.mu.Lock()
	delete(p.pairs, pair)
	p.mu.Unlock()
}

// open puts a pair among those that a fault may reset, unless it is to be reset at once.
func (p *Proxy) open(pair *pair) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.fault == storetest.Refused {
		return false
	}
	p.pairs[pair] = true
	return true
}

// pump passes on what from says until it ends or the fault forbids it.
func (p *Proxy) pump(pair *pair, to, from *net.TCPConn, answers bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !p.passes(answers) {
			pair.reset()
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				pair.reset()
				return
			}
		}
		if err != nil {
			// An end is passed on; whatever else it is ends both.
			if to.CloseWrite() != nil {
				pair.reset()
			}
			return
		}
	}
}

// passes waits while the proxy is stalled, and reports whether what one side said, or its
// end, goes on to the other.
func (p *Proxy) passes(answer bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.fault == storetest.Stalled && !p.closed {
		p.changed.Wait()
	}
	switch {
	case p.closed || p.fault == storetest.Refused:
		return false
	case p.fault == storetest.ResponsesCut:
		return !answer
	}
	if n, ok := p.fault.Response(); ok && answer {
		p.answers++
		return p.answers != n
	}
	return true
}

// close closes what is not closed yet; what was written still arrives.
func (p *pair) close() {
	_ = p.client.Close()
	_ = p.backend.Close()
}

func (p *pair) reset() {
	reset(p.client)
	reset(p.backend)
}

// reset closes a connection so that its peer gets a reset, whatever is still under way.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}
