package storetest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenauth/tokenauth/core"
)

func (q *sequence) draw(label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(q.rt, label)
}

func (q *sequence) drawUser() string { return rapid.SampledFrom(q.users).Draw(q.rt, "user") }
func (q *sequence) drawRef() core.Ref {
	return q.refs[q.draw("ref", 0, len(q.refs)-1)]
}

func (q *sequence) moment(ticks int) time.Time { return q.start.Add(time.Duration(ticks) * tick) }

// drawID draws an id, most often one that the store has.
func (q *sequence) drawID() string {
	known := slices.DeleteFunc(slices.Clone(q.ids), func(id string) bool { _, ok := q.state[id]; return !ok })
	if len(known) == 0 || q.draw("any id", 0, 4) == 0 {
		known = q.ids
	}
	return known[q.draw("id", 0, len(known)-1)]
}

// drawMoment draws when a call is made: often when some record expires, to the
// millisecond.
func (q *sequence) drawMoment() time.Time {
	if q.harness.NativeTTL {
		q.last += q.draw("ticks", 0, 3)
		return q.moment(q.last)
	}
	if q.draw("at an expiry", 0, 3) == 0 {
		if t, ok := q.state[q.drawID()]; ok && t.ExpiresAt.Before(q.moment(60)) { // far from the next sequence
			return t.ExpiresAt.Add(time.Duration(q.draw("off", 0, 1)) * time.Millisecond)
		}
	}
	return q.moment(q.draw("tick", 0, 12))
}

// drawExpiry draws a moment after at. No two records expire at the same moment,
// because the contract does not say which of those DeleteExpired deletes first.
func (q *sequence) drawExpiry(id string, at time.Time) time.Time {
	ticks := at.Sub(q.start)/tick + time.Duration(q.draw("lifetime", 1, 20))
	return q.start.Add(ticks*tick + time.Duration(1+slices.Index(q.ids, id))*time.Second)
}

func (q *sequence) drawCreate() call {
	id, at := q.ids[q.draw("id", 0, len(q.ids)-1)], q.drawMoment()
	token := newToken(q.owner[id], at)
	token.ID = id
	token.AccessRef = q.drawRef()
	token.Device = fmt.Sprintf("device %d", q.draw("device", 0, 2))
	token.ExpiresAt = q.drawExpiry(id, at)
	return call{method: create, token: token, limit: q.draw("limit", 0, 3)}
}

// How an exchange that is drawn goes by the record.
const (
	anyReference = iota
	precedingReference
	ahead
	behindTheRecord
	right
)

// drawExchange draws an exchange of a record.
func (q *sequence) drawExchange(how int) call {
	id, at := q.drawID(), q.drawMoment()
	t := q.state[id]
	x := core.Exchange{ID: id, Generation: t.Generation, From: t.AccessRef, To: q.drawRef(), At: at, ExpiresAt: q.drawExpiry(id, at)}
	switch how {
	case anyReference:
		x.From = q.drawRef()
	case precedingReference:
		x.From = t.PreviousRef
	case ahead:
		x.Generation += int64(q.draw("ahead", 1, 3))
	case behindTheRecord:
		x.Generation = max(0, x.Generation-1)
	}
	if x.From.IsZero() { // of a record that is not there or has no preceding reference
		x.From = q.drawRef()
	}
	return call{method: exchange, exchange: x}
}
