package memorystore

import (
	"sync"

	"github.com/tokenauth/tokenauth/core"
)

// partition holds the records of some shards and the indexes to them. Everything
// of a user lies in one partition, under one lock.
type partition struct {
	mu      sync.Mutex
	records slab[record]
	texts   texts
	ids     map[idKey]uint32   // by key: a record, from which sameKey leads to the others
	shards  map[idShard]uint32 // a record of the shard, from which next leads to the others
	expiry  queue              // all records, by expiresAt
}

// find returns the number of the record with that id, 0 if there is none.
func (p *partition) find(id recordID) uint32 {
	number := p.ids[id.key()]
	for number != 0 && p.records.at(number).id != id {
		number = p.records.at(number).sameKey
	}
	return number
}

// live returns the user's records that are live at that moment. Users who share
// a shard share a list too; it is as good as certain that none do.
func (p *partition) live(shard idShard, userID string, at int64) []*record {
	var live []*record
	for number := p.shards[shard]; number != 0; {
		r := p.records.at(number)
		if r.live(at) && p.isOf(r, userID) {
			live = append(live, r)
		}
		number = r.next
	}
	return live
}

func (p *partition) isOf(r *record, userID string) bool {
	var buf [core.MaxUserIDBytes]byte
	return string(p.texts.appendTo(buf[:0], &r.text, int(r.userLen))) == userID
}

// insert adds the record t, whose id is not in the partition.
func (p *partition) insert(id recordID, t core.Record) {
	number := p.records.take()
	r := p.records.at(number)
	*r = record{
		id:          id,
		userLen:     uint8(len(t.UserID)),
		deviceLen:   uint16(len(t.Device)),
		dataLen:     uint16(len(t.Data)),
		sameKey:     p.ids[id.key()],
		next:        p.shards[id.shard()],
		generation:  t.Generation,
		issuedAt:    millis(t.IssuedAt),
		exchangedAt: millis(t.ExchangedAt),
		expiresAt:   millis(t.ExpiresAt),
		revokedAt:   millis(t.RevokedAt),
		accessRef:   t.AccessRef,
		previousRef: t.PreviousRef,
	}
	p.texts.set(&r.text, t.UserID+t.Device+string(t.Data))
	p.ids[id.key()] = number
	if r.next != 0 {
		p.records.at(r.next).prev = number
	}
	p.shards[id.shard()] = number
	p.expiry.add(number, r.expiresAt)
}

// token returns a copy of the record with that id.
func (p *partition) token(id string, r *record) core.Record {
	user := int(r.userLen)
	words := user + int(r.deviceLen)
	size := words + int(r.dataLen)
	text := p.texts.appendTo(make([]byte, 0, size), &r.text, size)
	return core.Record{
		ID:          id,
		UserID:      string(text[:user]),
		Generation:  r.generation,
		AccessRef:   r.accessRef,
		PreviousRef: r.previousRef,
		Device:      string(text[user:words]),
		Data:        text[words:],
		IssuedAt:    moment(r.issuedAt),
		ExchangedAt: moment(r.exchangedAt),
		ExpiresAt:   moment(r.expiresAt),
		RevokedAt:   moment(r.revokedAt),
	}
}

// deleteFirst deletes a record that expires first.
func (p *partition) deleteFirst() {
	first, _ := p.expiry.first()
	p.expiry.removeFirst()
	r := p.records.at(first.number)
	p.unlinkKey(first.number, r)
	p.unlinkShard(r)
	p.texts.remove(&r.text)
	p.records.put(first.number)
}

func (p *partition) unlinkKey(number uint32, r *record) {
	key := r.id.key()
	head := p.ids[key]
	switch {
	case head != number:
		other := p.records.at(head)
		for other.sameKey != number {
			other = p.records.at(other.sameKey)
		}
		other.sameKey = r.sameKey
	case r.sameKey != 0:
		p.ids[key] = r.sameKey
	default:
		delete(p.ids, key)
	}
}

func (p *partition) unlinkShard(r *record) {
	if r.next != 0 {
		p.records.at(r.next).prev = r.prev
	}
	switch {
	case r.prev != 0:
		p.records.at(r.prev).next = r.next
	case r.next != 0:
		p.shards[r.id.shard()] = r.next
	default:
		delete(p.shards, r.id.shard())
	}
}
