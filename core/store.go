package core

import (
	"context"
	"errors"
	"iter"
	"time"
)

// The errors by which a [RefreshStore] says what it found. Match them with
// [errors.Is]; a store may wrap them. Any other error of a store means that the
// store could not answer.
var (
	// ErrNotFound means that the store has no record of that ID.
	ErrNotFound = errors.New("record not found")
	// ErrExists means that the store already has a record of that ID.
	ErrExists = errors.New("record already exists")
	// ErrConflict means that the record does not stand where the exchange expects
	// it, or is not live.
	ErrConflict = errors.New("record is not where the exchange expects it")
)

// KeptDeadRecords is how many revoked records of a user a store must keep. See
// [RefreshStore], Dead records.
const KeptDeadRecords = 100

// RefreshStore keeps the records of sessions. These comments are the contract:
// what every store must do, and what package storetest checks.
//
// # Atomicity
//
// Every method but DeleteExpired is atomic and linearizable, for any number of
// goroutines and, where processes share the data, for any number of processes.
// Each call takes effect at one moment between its start and its return, wholly
// or not at all. All methods are safe for concurrent use.
//
// # Time
//
// The caller's clock rules. A store never asks for the time: every moment that
// matters is an argument. Times are UTC, whole milliseconds, and from 1970-01-01
// to the end of the year 9999. A store returns them exactly. The zero time.Time
// occurs only in Record.RevokedAt, where it means "not revoked", and in
// Revocation.IssuedUntil.
//
// A record is live at a moment if it is not revoked and that moment is before its
// ExpiresAt ([Record.Live]). A store may drop an expired record at any time. A
// store with a native TTL computes the TTL from the caller's times, with a margin,
// so that no record goes before its ExpiresAt, whatever the clock of its server says.
//
// # Dead records
//
// A dead record is a revoked one. It stays readable until it expires, so that a stale token
// is recognized. A store must keep the [KeptDeadRecords] records of a user that were
// revoked last. It may drop that user's other revoked records at any time, and
// does so at the user's logins: a user who logs in again and again occupies
// bounded space, and costs no other user anything. Records revoked at one
// moment count in the order of records. The token of a dropped record
// is like that of an expired one: it is refused, and nothing else happens.
//
// # Order
//
// The records of a user have one order ([CompareRecords]): by IssuedAt, and where
// that is equal by ID, byte for byte. The first is the oldest, the last the newest.
// Every method that returns several records returns the newest first.
//
// # Input
//
// The caller has checked its arguments as the comments of [Record], [Exchange] and
// [Revocation] say; a store may rely on that. User IDs and IDs are compared byte for
// byte: no case folding, no normalization, no trimming. A store copies what it
// keeps of its arguments and returns copies: neither side sees what the other does
// to a slice afterwards. A store keeps no context.
//
// # Errors
//
// ErrNotFound, ErrExists and ErrConflict mean what each method says; after them
// nothing has changed. If the context is cancelled or overdue when the call begins,
// the error matches ctx.Err() and nothing has changed. If the context ends the call on
// its way, the error matches ctx.Err() too. Any other error means that the store could
// not answer; it wraps the driver's error.
//
// After an error that is not a sentinel the call has taken effect wholly or not at
// all, and the caller cannot know which. On a store behind a network the call may
// still take effect shortly after it returned; on a local store it may not. A
// durable store never loses what it acknowledged.
//
// # Growth
//
// This interface never gets another method. A store offers more by optional
// interfaces, such as [RecordIterator].
type RefreshStore interface {
	// Create stores r and, in the same atomic step, revokes the user's oldest live
	// records so that at most limit stay live, r included. A limit of zero or less
	// sets no bound. It returns the records it revoked, as they stand now, the newest
	// first.
	//
	// Which records are live is judged at r.IssuedAt, and that becomes their RevokedAt.
	// Create never revokes r itself, even if the clock of another server has issued
	// later records. If the store has a record of r's ID, the error is ErrExists.
	Create(ctx context.Context, r Record, limit int) (evicted []Record, err error)

	// Get returns the record of that ID, live or not, or ErrNotFound.
	Get(ctx context.Context, id string) (Record, error)

	// Exchange moves a record's mapping from one reference to the next, in one
	// round trip, and returns the record as it then stands. [Record.Exchanged] says
	// when it succeeds and what it changes. Otherwise nothing changes, and Exchange
	// returns the record as it stands together with ErrConflict. An unknown ID is
	// ErrNotFound.
	Exchange(ctx context.Context, x Exchange) (Record, error)

	// Revoke revokes, in one atomic step, every record that v selects and that is
	// not revoked yet, expired or not. It returns the records it revoked, as they
	// stand now, the newest first. If v selects none, the result is empty and the
	// error is nil. It never changes an earlier RevokedAt. Its cost grows with the
	// unrevoked records of that user, never with the store.
	Revoke(ctx context.Context, v Revocation) ([]Record, error)

	// ListUser returns the user's records that are live at that moment, the newest
	// first. Without any, the result is empty and the error is nil. Its cost grows with
	// the unrevoked records of that user, never with the store.
	ListUser(ctx context.Context, userID string, at time.Time) ([]Record, error)

	// DeleteExpired collects garbage: it deletes at most max records whose ExpiresAt
	// lies before the given moment when they are deleted, revoked or not, and never
	// another record. It returns how many it deleted. Fewer than max means that there
	// are no more, except for records created or deleted meanwhile. max is at least 1.
	//
	// Each record is deleted atomically and counted once. The call as a whole is not
	// atomic. It should begin with the records that expired first. It holds up
	// other calls no longer than deleting a few records takes. A store whose records
	// expire by themselves does nothing and returns 0.
	DeleteExpired(ctx context.Context, before time.Time, max int) (int, error)
}

// Revocation selects the records that [RefreshStore.Revoke] revokes: those for which
// all conditions hold. ID or UserID is set.
type Revocation struct {
	// ID selects the record of this ID alone. Empty: all records of UserID.
	ID string
	// UserID selects records of this user alone. It may be empty where ID is set.
	UserID string
	// Except is the ID of a record that is not selected. Empty: no exception.
	Except string
	// IssuedUntil selects records that were issued no later. Zero: at any time.
	IssuedUntil time.Time
	// At becomes the RevokedAt of the records.
	At time.Time
}

// Selects reports whether the revocation selects that record. It does not look at
// RevokedAt or ExpiresAt. Without ID and UserID it selects no record.
func (v Revocation) Selects(r Record) bool {
	return (v.ID != "" || v.UserID != "") &&
		(v.ID == "" || v.ID == r.ID) &&
		(v.UserID == "" || v.UserID == r.UserID) &&
		(v.Except == "" || v.Except != r.ID) &&
		(v.IssuedUntil.IsZero() || !r.IssuedAt.After(v.IssuedUntil))
}

// RecordIterator is an optional interface of a [RefreshStore]: a store that yields all
// its records, for operators who count, list or copy them.
type RecordIterator interface {
	// Records yields the records of the store, live or not, in no order. A record
	// that is in the store from the first step to the last is yielded at least once. A
	// record that is created, changed or deleted meanwhile may be missing, or be
	// yielded as it stood at any moment of the iteration.
	//
	// An error ends the iteration: it is yielded last, with the zero Record. A
	// cancelled or overdue context yields its error. The sequence can be iterated again,
	// from the beginning. The loop's body may call the store. The iteration holds up no
	// other call for longer than reading a few records takes.
	Records(ctx context.Context) iter.Seq2[Record, error]
}
