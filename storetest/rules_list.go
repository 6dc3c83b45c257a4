package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var listRules = []rule{
	{
		id:   "ListUser/EveryField",
		text: "ListUser returns whole records, every field exact.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.listsExactly("alice", base, token)
			token = t.exchange(next(token, after(1)))
			t.listsExactly("alice", after(1), token)
		},
	},
	{
		id:   "ListUser/NewestFirst",
		text: "ListUser returns the newest first by IssuedAt, in whatever order they were created.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 5)
			t.create(tokens[3], tokens[0], tokens[4], tokens[1], tokens[2])
			t.listsExactly("alice", after(5), reversed(tokens...)...)
		},
	},
	{
		id:   "ListUser/EqualTimes",
		text: "Records issued at the same moment are listed by id, the highest first: letters before digits.",
		check: func(t *trial) {
			tokens := newTokensAtOnce("alice", base)
			t.create(tokens[3], tokens[0], tokens[6], tokens[5], tokens[1], tokens[4], tokens[2])
			t.listsExactly("alice", base, reversed(tokens...)...)
		},
	},
	{
		id:   "ListUser/MillisecondsApart",
		text: "Records issued a millisecond apart are listed in that order.",
		check: func(t *trial) {
			var tokens []core.Record
			for i := range 8 {
				tokens = append(tokens, newToken("alice", base.Add(time.Duration(i)*time.Millisecond)))
			}
			t.create(tokens...)
			t.listsExactly("alice", after(1), reversed(tokens...)...)
		},
	},
	{
		id:   "ListUser/Many",
		text: "ListUser returns all live records, however many they are.",
		check: func(t *trial) {
			tokens := manyTokens("alice")
			t.create(tokens...)
			t.listsExactly("alice", after(many), reversed(tokens...)...)
		},
	},
	{
		id:   "ListUser/None",
		text: "A user without live records has an empty list, and no error.",
		check: func(t *trial) {
			t.lists("alice", base)
			token := newToken("alice", base)
			t.create(token)
			t.revoke(token.ID, after(1))
			t.lists("alice", after(1))
			t.lists("bob", after(1))
		},
	},
	{
		id:   "ListUser/Revoked",
		text: "A revoked record is not listed, whenever its revocation is dated.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			t.create(tokens...)
			t.revoke(tokens[0].ID, after(3))
			t.revoke(tokens[1].ID, after(50))
			t.lists("alice", after(4), tokens[2])
		},
	},
	{
		id:   "ListUser/Expired",
		text: "A record is listed up to the last millisecond before its ExpiresAt and no longer.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 2)
			t.create(tokens...)
			first := tokens[0].ExpiresAt
			t.lists("alice", first.Add(-time.Millisecond), tokens[1], tokens[0])
			t.lists("alice", first, tokens[1])
			t.lists("alice", tokens[1].ExpiresAt)
		},
	},
	{
		id:   "ListUser/EarlierClock",
		text: "The moment given decides alone: a record issued later than that is live too.",
		check: func(t *trial) {
			token := newToken("alice", after(5))
			t.create(token)
			t.lists("alice", base, token)
		},
	},
	{
		id:   "ListUser/Exchanged",
		text: "An exchange leaves the order as it is.",
		check: func(t *trial) {
			tokens := newTokens("alice", base, 3)
			t.create(tokens...)
			tokens[0] = t.exchange(next(tokens[0], after(5)))
			t.listsExactly("alice", after(6), reversed(tokens...)...)
		},
	},
	{
		id:   "ListUser/PerUser",
		text: "ListUser returns no record of another user.",
		check: func(t *trial) {
			alice, bob := newTokens("alice", base, 2), newTokens("bob", base, 2)
			t.create(append(alice, bob...)...)
			t.lists("alice", after(2), reversed(alice...)...)
			t.lists("bob", after(2), reversed(bob...)...)
		},
	},
	{
		id:   "ListUser/ResultIsCopied",
		text: "The list and the Data in it are copies.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			listed := t.must(call{method: listUser, userID: "alice", at: base}).tokens
			for i := range listed {
				clear(listed[i].Data)
				listed[i] = core.Record{}
			}
			t.listsExactly("alice", base, token)
			t.holds(token)
		},
	},
}

// many is more records than a store may take in one page or one statement.
const many = 260

// manyTokens returns the records of many logins that are all live after the last.
func manyTokens(userID string) []core.Record {
	tokens := newTokens(userID, base, many)
	for i := range tokens {
		tokens[i].ExpiresAt = after(2 * many)
	}
	return tokens
}
