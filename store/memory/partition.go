package memorystore

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// partition holds the records of some shards and the indexes to them. Everything
// of a user lies in one partition, under one lock. Its methods are called with
// the lock held.
type partition struct {
	mu        sync.Mutex
	records   slab[record]
	texts     texts
	ids       map[idKey]uint32     // by key: a record, from which sameKey leads to the others
	unrevoked map[idShard]uint32   // a record, from which next leads to the others
	revoked   map[idShard]deadList // the same for revoked records
	expiry    queue                // all records, by expiresAt
}

// deadList is the list of a shard's revoked records.
type deadList struct {
	first uint32
	added uint32 // since dropDead last looked through the list
}

// find returns the number of the record with that ID, 0 if there is none.
func (p *partition) find(id *recordID) uint32 {
	number := p.ids[id.key()]
	for number != 0 {
		r := p.records.at(number)
		if r.id == *id {
			break
		}
		number = r.sameKey
	}
	return number
}

// ofUser returns the numbers of the user's unrevoked records. Users who share
// a shard share a list too; it is as good as certain that none do.
func (p *partition) ofUser(shard idShard, userID string) []uint32 {
	var buf [core.MaxUserIDBytes]byte
	var numbers []uint32
	for number := p.unrevoked[shard]; number != 0; {
		r := p.records.at(number)
		if string(p.appendUser(buf[:0], r)) == userID {
			numbers = append(numbers, number)
		}
		number = r.next
	}
	return numbers
}

// live returns those of the numbers whose records are live at that moment.
func (p *partition) live(numbers []uint32, at time.Time) []uint32 {
	ms := millis(at)
	return slices.DeleteFunc(numbers, func(number uint32) bool { return !p.records.at(number).live(ms) })
}

func (p *partition) appendUser(buf []byte, r *record) []byte {
	return p.texts.appendTo(buf, &r.text, int(r.userLen))
}

// load returns a copy of the record of that ID.
func (p *partition) load(id string, r *record) core.Record {
	user := int(r.userLen)
	words := user + int(r.deviceLen)
	size := words + int(r.dataLen)
	text := p.texts.appendTo(make([]byte, 0, size), &r.text, size)
	before := string(text[:words])
	return core.Record{
		ID:          id,
		UserID:      before[:user],
		Generation:  r.generation,
		AccessRef:   r.accessRef,
		PreviousRef: r.previousRef,
		Device:      before[user:],
		Data:        text[words:],
		IssuedAt:    moment(r.issuedAt),
		ExchangedAt: moment(r.exchangedAt),
		ExpiresAt:   moment(r.expiresAt),
		RevokedAt:   moment(r.revokedAt),
	}
}

// found is a copy of a record, with its number.
type found struct {
	number uint32
	core.Record
}

// newestFirst returns copies of the records with those numbers, the newest first.
func (p *partition) newestFirst(numbers []uint32) []found {
	records := make([]found, len(numbers))
	for i, number := range numbers {
		r := p.records.at(number)
		records[i] = found{number, p.load(string(r.id[:]), r)}
	}
	slices.SortFunc(records, func(a, b found) int { return core.CompareRecords(b.Record, a.Record) })
	return records
}

// read returns copies of the records whose numbers lie between those, both included.
func (p *partition) read(first, last uint32) []core.Record {
	var records []core.Record
	for number := first; number <= last; number++ {
		if r := p.records.at(number); r.userLen != 0 { // it has a record
			records = append(records, p.load(string(r.id[:]), r))
		}
	}
	return records
}

// insert adds a record whose ID is not in the partition.
func (p *partition) insert(id recordID, from core.Record) {
	number := p.records.take()
	r := p.records.at(number)
	*r = record{
		id:          id,
		userLen:     uint8(len(from.UserID)),
		deviceLen:   uint16(len(from.Device)),
		dataLen:     uint16(len(from.Data)),
		sameKey:     p.ids[id.key()],
		generation:  from.Generation,
		issuedAt:    millis(from.IssuedAt),
		exchangedAt: millis(from.ExchangedAt),
		expiresAt:   millis(from.ExpiresAt),
		revokedAt:   millis(from.RevokedAt),
		accessRef:   from.AccessRef,
		previousRef: from.PreviousRef,
	}
	p.texts.set(&r.text, from.UserID+from.Device+string(from.Data))
	p.ids[id.key()] = number
	p.link(number, r)
	p.expiry.add(number, r.expiresAt)
}

// exchange reports whether the exchange is possible, and makes it if so.
func (p *partition) exchange(number uint32, x core.Exchange) bool {
	r := p.records.at(number)
	was := core.Record{ // as much of it as an exchange depends on
		Generation: r.generation, AccessRef: r.accessRef, ExpiresAt: moment(r.expiresAt), RevokedAt: moment(r.revokedAt),
	}
	to, ok := was.Exchanged(x)
	if !ok {
		return false
	}
	r.generation, r.accessRef, r.previousRef = to.Generation, to.AccessRef, to.PreviousRef
	r.exchangedAt = millis(to.ExchangedAt)
	if expiresAt := millis(to.ExpiresAt); expiresAt != r.expiresAt {
		r.expiresAt = expiresAt
		p.expiry.move(number, expiresAt)
	}
	return true
}

// revoke revokes the records of one user at that moment and returns them as they
// then stand, in their order.
func (p *partition) revoke(records []found, at time.Time) []core.Record {
	if len(records) == 0 {
		return nil
	}
	revoked := make([]core.Record, len(records))
	for i, f := range records {
		r := p.records.at(f.number)
		p.unlink(r)
		r.revokedAt = millis(at)
		p.link(f.number, r)
		f.RevokedAt = at
		revoked[i] = f.Record
	}
	p.dropDead(p.records.at(records[0].number).id.shard())
	return revoked
}

// dropStep is how many records are added to a shard's dead before those that
// need not be kept are dropped.
const dropStep = 25

// dropDead deletes the dead records of the shard that need not be kept, if dropStep
// of them have been added since it last did.
func (p *partition) dropDead(shard idShard) {
	list := p.revoked[shard]
	if list.added < dropStep {
		return
	}
	list.added = 0
	p.revoked[shard] = list
	var dead []found // with what their order depends on
	for number := list.first; number != 0; number = p.records.at(number).next {
		r := p.records.at(number)
		dead = append(dead, found{number, core.Record{
			ID: string(r.id[:]), UserID: string(p.appendUser(nil, r)), IssuedAt: moment(r.issuedAt), RevokedAt: moment(r.revokedAt),
		}})
	}
	slices.SortFunc(dead, func(a, b found) int {
		return cmp.Or(strings.Compare(a.UserID, b.UserID), b.RevokedAt.Compare(a.RevokedAt), core.CompareRecords(b.Record, a.Record))
	})
	kept := 0
	for i, f := range dead {
		if i > 0 && f.UserID != dead[i-1].UserID {
			kept = 0
		}
		if kept++; kept > core.KeptDeadRecords {
			p.delete(f.number)
		}
	}
}

// deleteFirst deletes the record that expires first, if it does so before that moment.
func (p *partition) deleteFirst(before int64) bool {
	first, ok := p.expiry.first()
	if !ok || first.at >= before {
		return false
	}
	p.delete(first.number)
	return true
}

func (p *partition) delete(number uint32) {
	r := p.records.at(number)
	p.expiry.remove(number)
	p.forgetID(number, r)
	p.unlink(r)
	p.texts.remove(&r.text)
	p.records.put(number)
}

func (p *partition) forgetID(number uint32, r *record) {
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

// link adds a record to the list of its shard that it belongs to.
func (p *partition) link(number uint32, r *record) {
	shard := r.id.shard()
	r.prev = 0
	if r.revoked() {
		list := p.revoked[shard]
		r.next = list.first
		p.revoked[shard] = deadList{number, list.added + 1}
	} else {
		r.next = p.unrevoked[shard]
		p.unrevoked[shard] = number
	}
	if r.next != 0 {
		p.records.at(r.next).prev = number
	}
}

// unlink takes a record out of the list that it is in.
func (p *partition) unlink(r *record) {
	if r.next != 0 {
		p.records.at(r.next).prev = r.prev
	}
	shard := r.id.shard()
	switch {
	case r.prev != 0:
		p.records.at(r.prev).next = r.next
	case r.revoked() && r.next != 0:
		p.revoked[shard] = deadList{r.next, p.revoked[shard].added}
	case r.revoked():
		delete(p.revoked, shard)
	case r.next != 0:
		p.unrevoked[shard] = r.next
	default:
		delete(p.unrevoked, shard)
	}
}
