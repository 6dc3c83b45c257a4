package storetest

import (
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// oddReferences are references that a store of texts or numbers might change.
var oddReferences = []core.Ref{
	{15: 1},
	{0: 1},
	{7: 1, 8: 1},
	{0, 'a', 0, 'b', 0, 'c', 0, 'd', 0, 'e', 0, 'f', 0, 'g', 0, 'h'},
	{'r', 'e', 'f', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'x'},
	core.Ref([]byte("                ")),
	core.Ref([]byte("'\"\\\r\n\t%_{}:;,`/?")),
	core.Ref([]byte("AbCdEfGhIjKlMnOp")),
	core.Ref([]byte("\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xff")),
	core.Ref([]byte("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80")),
}

var createRules = []rule{
	{
		id:   "Create/EveryField",
		text: "Create stores the record, and every field comes back exactly.",
		check: func(t *trial) {
			login := newRecord("alice", base)
			t.create(login)
			t.holds(login)

			under := newRecord("alice", base)
			under.Generation = 7
			under.PreviousRef = newRef()
			under.ExchangedAt = after(3)
			t.create(under)
			t.holds(under, login)
		},
	},
	{
		id:   "Create/LargestValues",
		text: "A Device of 512 bytes and Data of 4096 bytes of any value are kept whole.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			record.Device = strings.Repeat("ä", core.MaxDeviceBytes/2)
			record.Data = make([]byte, core.MaxDataBytes)
			for i := range record.Data {
				record.Data[i] = byte(i)
			}
			t.create(record)
			t.holds(record)
			t.holds(t.exchange(next(record, after(1))))
			ascii := newRecord("bob", base)
			ascii.Device = strings.Repeat("d", core.MaxDeviceBytes)
			t.create(ascii)
			t.holds(ascii)
		},
	},
	{
		id:   "Create/EmptyValues",
		text: "Device and Data may be empty; nil Data and empty Data are the same.",
		check: func(t *trial) {
			t.create(newRecord("bob", base)) // whose values are not empty
			for _, data := range [][]byte{nil, {}} {
				record := newRecord("alice", base)
				record.Device, record.Data = "", data
				t.create(record)
				t.holds(record)
			}
		},
	},
	{
		id:   "Create/OneByteOfData",
		text: "Data of one byte comes back exactly, whatever the byte: NUL, a quote, a space, one that is no UTF-8.",
		check: func(t *trial) {
			for _, b := range []byte{0x00, 0x0a, 0x20, 0x22, 0x27, 0x5c, 0x7b, 0x80, 0xff} {
				record := newRecord("alice", base)
				record.Data = []byte{b}
				t.create(record)
				t.holds(record)
			}
		},
	},
	{
		id:   "Create/AnyReference",
		text: "A reference is any 16 bytes but zero, and comes back exactly from Create and Exchange.",
		check: func(t *trial) {
			for _, ref := range oddReferences {
				record := newRecord("alice", base)
				record.AccessRef = ref
				t.create(record)
				t.holds(record)
				x := next(newRecord("alice", base), after(1))
				x.ID, x.From, x.To = record.ID, ref, ref
				record = t.moves(record, x)
				x.Generation++
				x.To = newRef()
				t.moves(record, x)
			}
		},
	},
	{
		id:   "Create/AnyDevice",
		text: "A Device is any valid UTF-8 without NUL and comes back byte for byte.",
		check: func(t *trial) {
			for _, device := range []string{
				" spaces at both ends ", "line\r\nbreak\ttab", "\x01\x1f\x7f control characters", `quotes ' " and \ backslash`,
				"caf\u00e9 cafe\u0301", "\U0001F4F1 \U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0010FFFF\uFFFF\uFEFF\uFFFD", "NULL", "%s %d {0} ?",
			} {
				record := newRecord("alice", base)
				record.Device = device
				t.create(record)
				t.holds(record)
			}
		},
	},
	{
		id:   "Create/DuplicateID",
		text: "A record of that ID makes Create ErrExists, and that record stays as it is.",
		check: func(t *trial) {
			first := newRecord("alice", base)
			t.create(first)
			second := newRecord("alice", after(1))
			second.ID = first.ID
			second.Device = "another"
			t.refused(call{method: create, record: second}, core.ErrExists)
			t.refused(call{method: create, record: first}, core.ErrExists) // the same once more
			t.holds(first)
			t.lists("alice", after(1), first)
		},
	},
	{
		id:   "Create/DuplicateEvictsNothing",
		text: "A Create that is ErrExists revokes nothing, whatever its limit.",
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			t.create(records...)
			again := records[1]
			again.IssuedAt = after(5)
			t.refused(call{method: create, record: again, limit: 1}, core.ErrExists)
			t.holds(records...)
			t.lists("alice", after(5), reversed(records...)...)
		},
	},
	{
		id:   "Create/DuplicateOfRevoked",
		text: "The ID of a revoked record is taken: Create is ErrExists.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.revoke(record.ID, after(1))
			t.refused(call{method: create, record: record}, core.ErrExists)
			t.holds(revokedAt(record, after(1)))
		},
	},
	{
		id:    "Create/DuplicateOfExpired",
		text:  "The ID of an expired record is taken until DeleteExpired deletes it: Create is ErrExists.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			later := newRecord("alice", record.ExpiresAt.Add(time.Hour))
			later.ID = record.ID
			t.refused(call{method: create, record: later}, core.ErrExists)
			t.holds(record)
		},
	},
	{
		id:   "Create/DuplicateOfAnother",
		text: "IDs are one space for all users: the ID of another user's record is ErrExists.",
		check: func(t *trial) {
			record := newRecord(sameShard[0], base)
			t.create(record)
			other := newRecord(sameShard[1], base)
			other.ID = record.ID // both users' ids begin with it
			t.refused(call{method: create, record: other}, core.ErrExists)
			t.holds(record)
			t.lists(sameShard[1], base)
		},
	},
	{
		id:   "Create/DataIsCopied",
		text: "A store copies Data: what the caller writes to its slice afterwards stays the caller's.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			want := copied(record)
			t.create(record)
			clear(record.Data)
			t.holds(want)
		},
	},
}
