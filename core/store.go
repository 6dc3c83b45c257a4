package core

import (
	"context"
	"errors"
	"time"
)

// The errors by which a [RefreshStore] tells what it found. Match them with
// [errors.Is]; a store may wrap them. Any other error from a store means that
// it could not answer.
var (
	// ErrNotFound says that the store has no record of that id.
	ErrNotFound = errors.New("refresh token not found")
	// ErrExists says that the store already has a record of that id.
	ErrExists = errors.New("refresh token already exists")
	// ErrConflict says that a record does not stand where an exchange expects
	// it, or is no longer live.
	ErrConflict = errors.New("refresh token is not where the exchange expects it")
)

// RefreshStore keeps refresh-token records. These comments are the contract:
// what every store must do, and what package storetest shows of one.
//
// # Atomicity
//
// Every method is atomic and linearizable, for any number of goroutines and,
// where several processes share the data, for any number of processes: each
// call takes effect at one moment between its start and its return, wholly or
// not at all. All methods are safe for concurrent use.
//
// # Time
//
// The caller's clock rules. A store never asks for the time: every moment that
// matters is an argument. Times are UTC, whole milliseconds, and from
// 1970-01-01 to the end of the year 9999; a store gives them back exactly. The
// zero time.Time stands in Record.RevokedAt alone, where it means "not
// revoked". A record is live at a moment while RevokedAt is zero and that
// moment is before ExpiresAt ([Record.Live]). A dead record stays readable
// until its ExpiresAt; after that a store may drop it whenever it likes, and
// then it is ErrNotFound. A store with a native TTL reckons it from the
// caller's times, with a margin, so that no record goes before its ExpiresAt,
// whatever the clock of its server says.
//
// # Order
//
// Records of one user have one order: by IssuedAt, and where that is equal by
// the text of the id, byte for byte, in which digits come before letters. The
// first is the oldest, the last the newest.
//
// # Input
//
// The caller has checked its arguments as the comments of [Record] and
// [Exchange] give them; a store may rely on that. User ids and ids are compared
// byte for byte: no case folding, no normalization, no trimming. A store copies
// what it keeps of its arguments and hands out copies: neither side sees what
// the other does to a slice afterwards. It keeps no context.
//
// # Errors
//
// ErrNotFound, ErrExists and ErrConflict mean what each method says and are
// matched with [errors.Is]; after them nothing has changed. Where the context is
// cancelled or past its deadline when the call begins, the error matches ctx.Err()
// and nothing has changed either. Where it stops the call on its way the error
// matches ctx.Err() too. Any other error says that the store could not answer; it
// wraps the driver's. After these the call has taken effect wholly or not at all,
// and the caller can't know which. What a durable store has acknowledged it never
// loses.
type RefreshStore interface {
	// Create stores the record t and, in the same atomic step, revokes the oldest of
	// the user's live records so that at most limit of them stay live, t included; a
	// limit of zero or less sets no bound. Which records are live is judged at
	// t.IssuedAt, where t itself always is, and that is the RevokedAt they get.
	// Create never revokes t itself, even if other records were issued later by
	// another clock. A record with t's id makes it ErrExists, and nothing changes.
	Create(ctx context.Context, t Record, limit int) error

	// Get returns the record of that id, live or dead, or ErrNotFound.
	Get(ctx context.Context, id string) (Record, error)

	// Exchange moves a record's mapping from one reference to the next, in one
	// round trip. It succeeds if the record is live at x.At and either stands
	// at exactly x.Generation and x.From, or at a generation lower than
	// x.Generation (the store has forgotten exchanges, as after a failover or
	// a restored backup; From does not matter then). It sets Generation to
	// x.Generation+1, AccessRef to x.To, PreviousRef to x.From, ExchangedAt to
	// x.At and ExpiresAt to x.ExpiresAt, and returns the record as it then
	// stands. Otherwise nothing changes and it returns the record as it stands
	// together with ErrConflict. An unknown id is ErrNotFound.
	Exchange(ctx context.Context, x Exchange) (Record, error)

	// Revoke sets RevokedAt of the record to at, unless it is revoked already:
	// then it keeps the RevokedAt it has and Revoke returns nil. An expired
	// record can be revoked as long as the store still has it. An unknown id
	// is ErrNotFound.
	Revoke(ctx context.Context, id string, at time.Time) error

	// RevokeUser sets RevokedAt to at in all records of the user that are live
	// at that moment and were issued no later than that, and returns how many
	// those were: 0 where there are none. Records issued later survive. What it
	// costs grows with the records of that user, never with the store.
	RevokeUser(ctx context.Context, userID string, at time.Time) (int, error)

	// ListUser returns the user's records that are live at that moment, the
	// newest first; none are an empty result, not an error. What it costs
	// grows with the records of that user, never with the store.
	ListUser(ctx context.Context, userID string, at time.Time) ([]Record, error)

	// DeleteExpired deletes records whose ExpiresAt lies before the given moment,
	// revoked or not: max of them, those that expired first, or all where there are
	// fewer, and returns how many. max is at least 1. One call is a small step: it
	// does not hold up others for longer than deleting max records takes. A store
	// whose records go by themselves does nothing and returns 0.
	DeleteExpired(ctx context.Context, before time.Time, max int) (int, error)
}
