package storetest

import (
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var createRules = []rule{
	{
		id:   "Create/EveryField",
		text: "Create stores the record, and every field comes back exactly.",
		check: func(t *trial) {
			login := newToken("alice", base)
			t.create(login)
			t.holds(login)

			under := newToken("alice", base)
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
			token := newToken("alice", base)
			token.Device = strings.Repeat("ä", core.MaxDeviceBytes/2)
			token.Data = make([]byte, core.MaxDataBytes)
			for i := range token.Data {
				token.Data[i] = byte(i)
			}
			t.create(token)
			t.holds(token)
			t.holds(t.exchange(next(token, after(1))))
			ascii := newToken("bob", base)
			ascii.Device = strings.Repeat("d", core.MaxDeviceBytes)
			t.create(ascii)
			t.holds(ascii)
		},
	},
	{
		id:   "Create/EmptyValues",
		text: "Device and Data may be empty; nil Data and empty Data are the same.",
		check: func(t *trial) {
			for _, data := range [][]byte{nil, {}} {
				token := newToken("alice", base)
				token.Device, token.Data = "", data
				t.create(token)
				t.holds(token)
			}
		},
	},
	{
		id:   "Create/OneByteOfData",
		text: "Data of one byte comes back exactly, whatever the byte: NUL, a quote, a space, one that is no UTF-8.",
		check: func(t *trial) {
			for _, b := range []byte{0x00, 0x0a, 0x20, 0x22, 0x27, 0x5c, 0x7b, 0x80, 0xff} {
				token := newToken("alice", base)
				token.Data = []byte{b}
				t.create(token)
				t.holds(token)
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
				token := newToken("alice", base)
				token.Device = device
				t.create(token)
				t.holds(token)
			}
		},
	},
	{
		id:   "Create/DuplicateID",
		text: "A record with the id makes Create ErrExists, and that record stays as it is.",
		check: func(t *trial) {
			first := newToken("alice", base)
			t.create(first)
			second := newToken("alice", after(1))
			second.ID = first.ID
			second.Device = "another"
			t.refused(call{method: create, token: second}, core.ErrExists)
			t.holds(first)
			t.lists("alice", after(1), first)
		},
	},
	{
		id:   "Create/DuplicateEvictsNothing",
		text: "A Create that is ErrExists revokes nothing, whatever its limit.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			t.create(tokens...)
			again := tokens[1]
			again.IssuedAt = after(5)
			t.refused(call{method: create, token: again, limit: 1}, core.ErrExists)
			t.holds(tokens...)
			t.lists("alice", after(5), reversed(tokens...)...)
		},
	},
	{
		id:   "Create/DuplicateOfRevoked",
		text: "The id of a revoked record is taken: Create is ErrExists.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.revoke(token.ID, after(1))
			t.refused(call{method: create, token: token}, core.ErrExists)
			t.holds(revokedAt(token, after(1)))
		},
	},
	{
		id:    "Create/DuplicateOfExpired",
		text:  "The id of an expired record is taken until DeleteExpired deletes it: Create is ErrExists.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			later := newToken("alice", token.ExpiresAt.Add(time.Hour))
			later.ID = token.ID
			t.refused(call{method: create, token: later}, core.ErrExists)
			t.holds(token)
		},
	},
	{
		id:   "Create/DuplicateOfAnother",
		text: "Ids are one space for all users: the id of another user's record is ErrExists.",
		check: func(t *trial) {
			token := newToken(sameShard[0], base)
			t.create(token)
			other := newToken(sameShard[1], base)
			other.ID = token.ID // both users' ids begin with it
			t.refused(call{method: create, token: other}, core.ErrExists)
			t.holds(token)
			t.lists(sameShard[1], base)
		},
	},
	{
		id:   "Create/DataIsCopied",
		text: "A store copies Data: what the caller writes to its slice afterwards stays the caller's.",
		check: func(t *trial) {
			token := newToken("alice", base)
			want := copied(token)
			t.create(token)
			clear(token.Data)
			t.holds(want)
		},
	},
}

var getRules = []rule{
	{
		id:   "Get/Unknown",
		text: "Get of an unknown id is ErrNotFound, in an empty store and beside other records.",
		check: func(t *trial) {
			t.lacks(core.NewRecordID("alice"))
			token := newToken("alice", base)
			t.create(token)
			t.lacks(core.NewRecordID("alice"), core.NewRecordID("bob"))
			t.holds(token)
		},
	},
	{
		id:   "Get/NearID",
		text: "Ids are compared whole: an id that differs in its last character names another record.",
		check: func(t *trial) {
			token, near := newToken("alice", base), newToken("alice", after(1))
			last := "a"
			if strings.HasSuffix(token.ID, last) {
				last = "b"
			}
			near.ID = token.ID[:len(token.ID)-1] + last
			t.create(token)
			t.lacks(near.ID)
			t.create(near)
			t.holds(token, near)
		},
	},
	{
		id:   "Get/Revoked",
		text: "A revoked record stays readable until its ExpiresAt.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.revoke(token.ID, after(1))
			t.lists("alice", token.ExpiresAt.Add(-time.Millisecond))
			t.create(newToken("alice", after(2)))
			t.holds(revokedAt(token, after(1)))
		},
	},
	{
		id:   "Get/Expired",
		text: "Get returns an expired record as long as the store still has it.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.lists("alice", token.ExpiresAt.Add(time.Hour))
			t.holdsDead(token)
		},
	},
	{
		id:   "Get/ResultIsCopied",
		text: "Get hands out a copy: what the caller writes to its Data changes nothing in the store.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			clear(t.get(token.ID).Data)
			t.holds(token)
		},
	},
}
