package browser_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// answerLimit is how long Chromium may take for anything. It is seconds on a busy machine.
const answerLimit = time.Minute

// devtools speaks the Chrome DevTools Protocol over a pair of pipes: JSON messages that
// end with a NUL (--remote-debugging-pipe). It is safe for concurrent use.
type devtools struct {
	in *os.File

	mu      sync.Mutex
	last    int
	replies map[int]chan<- message
	events  map[event][]chan<- struct{}
	closed  error // why nothing comes any more, nil before that
}

// message is a request, a reply or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// event names what a session tells.
type event struct{ session, method string }

func newDevtools(in *os.File) *devtools {
	return &devtools{in: in, replies: map[int]chan<- message{}, events: map[event][]chan<- struct{}{}}
}

// listen hands out what Chromium says until it ends.
func (d *devtools) listen(out io.Reader) {
	r := bufio.NewReader(out)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			d.close(fmt.Errorf("chromium has ended: %w", err))
			return
		}
		var m message
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			d.close(fmt.Errorf("chromium said %q: %w", text, err))
			return
		}
		d.deliver(m)
	}
}

func (d *devtools) deliver(m message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m.ID != 0 {
		if reply := d.replies[m.ID]; reply != nil {
			reply <- m
			delete(d.replies, m.ID)
		}
		return
	}
	e := event{m.Session, m.Method}
	for _, told := range d.events[e] {
		close(told)
	}
	delete(d.events, e)
}

func (d *devtools) close(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = err
	for id, reply := range d.replies {
		close(reply)
		delete(d.replies, id)
	}
}

// next returns a channel that is closed at the next event of that name.
func (d *devtools) next(session, method string) <-chan struct{} {
	told := make(chan struct{})
	d.mu.Lock()
	defer d.mu.Unlock()
	e := event{session, method}
	d.events[e] = append(d.events[e], told)
	return told
}

// call makes a call and decodes what it returns into result, unless that is nil.
func (d *devtools) call(session, method string, params, result any) error {
	reply, err := d.send(session, method, params)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	limit := time.NewTimer(answerLimit)
	defer limit.Stop()
	select {
	case m, ok := <-reply:
		switch {
		case !ok:
			return fmt.Errorf("%s: %w", method, d.closed)
		case m.Error != nil:
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-limit.C:
		return fmt.Errorf("%s: no answer within %v", method, answerLimit)
	}
}

func (d *devtools) send(session, method string, params any) (<-chan message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed != nil {
		return nil, d.closed
	}
	d.last++
	text, err := json.Marshal(message{ID: d.last, Session: session, Method: method, Params: params})
	if err != nil {
		return nil, err
	}
	reply := make(chan message, 1)
	d.replies[d.last] = reply
	if _, err := d.in.Write(append(text, 0)); err != nil {
		return nil, errors.Join(err, d.closed)
	}
	return reply, nil
}
