package core

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What a record can hold. The schema refuses more before it calls a store.
const (
	// MaxUserIDBytes is the length of the longest user ID, in bytes.
	MaxUserIDBytes = 255
	// MaxDeviceBytes is the length of the longest device description, in bytes.
	MaxDeviceBytes = 512
	// MaxDataBytes is the length of the longest application data, in bytes.
	MaxDataBytes = 4096
)

// maxGeneration is the highest generation: what every database and every JSON reader
// can hold exactly.
const maxGeneration = 1<<53 - 1

// lastMoment is the last moment that a record can hold.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, int(999*time.Millisecond), time.UTC)

// Record is what a [RefreshStore] keeps of one session. It holds no credential:
// nothing in it lets anybody log in. It is a plain value; only Data refers to
// memory that copies share.
type Record struct {
	// ID names the record: 40 characters of [a-z2-7], made by NewRecordID of the UserID.
	ID string
	// UserID is the user whose session this is: 1 to MaxUserIDBytes bytes of
	// valid UTF-8, compared byte for byte. It may hold any character, NUL included.
	UserID string
	// Generation is the number of exchanges so far: 0 at login, always below 2^53.
	Generation int64
	// AccessRef is the reference of the access token that the record is mapped to.
	AccessRef Ref
	// PreviousRef is the reference that the last exchange came from. Zero: no
	// exchange yet.
	PreviousRef Ref
	// Device describes the session to its user: at most MaxDeviceBytes bytes
	// of valid UTF-8 without NUL. It may be empty.
	Device string
	// Data is the application's: at most MaxDataBytes bytes. The schema
	// keeps the claims given at login here. Empty and nil are the same.
	Data []byte
	// IssuedAt is the moment of the login.
	IssuedAt time.Time
	// ExchangedAt is when AccessRef was set: IssuedAt until the first exchange.
	ExchangedAt time.Time
	// ExpiresAt is the moment from which the record is expired.
	ExpiresAt time.Time
	// RevokedAt is when the record was revoked. Zero: not revoked.
	RevokedAt time.Time
}

// Live reports whether the record is neither revoked nor expired at that
// moment. A record is expired from ExpiresAt on.
func (r Record) Live(at time.Time) bool {
	return r.RevokedAt.IsZero() && at.Before(r.ExpiresAt)
}

// Validate returns an error if a field of the record is outside its limits. The error names
// the field and says what it must be, and holds no value. A store calls Validate for what it
// reads, so that damaged data is an error and not a session.
func (r Record) Validate() error {
	if err := checkUserID(r.UserID); err != nil {
		return fmt.Errorf("UserID: %w", err)
	}
	switch {
	case !validIDOf(r.UserID, r.ID):
		return errors.New("ID must be 40 characters of [a-z2-7] that begin with the shard of UserID")
	case r.Generation < 0 || r.Generation > maxGeneration:
		return errors.New("Generation must be from 0 to 2^53-1")
	case len(r.Device) > MaxDeviceBytes || !utf8.ValidString(r.Device) || strings.Contains(r.Device, "\x00"):
		return fmt.Errorf("Device must be at most %d bytes of UTF-8 without NUL", MaxDeviceBytes)
	case len(r.Data) > MaxDataBytes:
		return fmt.Errorf("Data must be at most %d bytes long", MaxDataBytes)
	}
	for _, field := range [...]struct {
		name string
		time time.Time
		zero bool
	}{
		{"IssuedAt", r.IssuedAt, false},
		{"ExchangedAt", r.ExchangedAt, false},
		{"ExpiresAt", r.ExpiresAt, false},
		{"RevokedAt", r.RevokedAt, true},
	} {
		if !validTime(field.time) && !(field.zero && field.time.IsZero()) {
			return errors.New(field.name + " must be UTC, whole milliseconds, from 1970 to the end of 9999")
		}
	}
	return nil
}

func validTime(t time.Time) bool {
	return t.Location() == time.UTC && t.Equal(t.Truncate(time.Millisecond)) &&
		t.Unix() >= 0 && !t.After(lastMoment)
}

func checkUserID(userID string) error {
	if userID == "" || len(userID) > MaxUserIDBytes || !utf8.ValidString(userID) {
		return fmt.Errorf("the user ID must be 1 to %d bytes of UTF-8", MaxUserIDBytes)
	}
	return nil
}

// Exchange says how [RefreshStore.Exchange] moves a record's mapping.
type Exchange struct {
	// ID is the ID of the record.
	ID string
	// Generation is that of the token presented: 0 or more and below 2^53-1.
	Generation int64
	// From is the reference of the token presented.
	From Ref
	// To is the reference that the record is mapped to afterwards.
	To Ref
	// At is the moment of the exchange.
	At time.Time
	// ExpiresAt is the record's expiry after the exchange.
	ExpiresAt time.Time
}

// Exchanged returns the record as it stands after the exchange, and true. It returns
// the record unchanged, and false, if the exchange is not possible.
//
// An exchange is possible if the record is live at x.At, and either stands at exactly
// x.Generation and x.From, or at a generation below x.Generation. The latter is a
// record that was rolled back: the store has forgotten exchanges, as after a failover
// or a restored backup, and x.From does not matter. The exchange sets Generation to
// x.Generation+1, AccessRef to x.To, PreviousRef to x.From, ExchangedAt to x.At and
// ExpiresAt to x.ExpiresAt.
func (r Record) Exchanged(x Exchange) (Record, bool) {
	exact := r.Generation == x.Generation && r.AccessRef == x.From
	if !r.Live(x.At) || !exact && r.Generation >= x.Generation {
		return r, false
	}
	r.Generation, r.AccessRef, r.PreviousRef = x.Generation+1, x.To, x.From
	r.ExchangedAt, r.ExpiresAt = x.At, x.ExpiresAt
	return r, true
}

// CompareRecords compares two records of one user: it is negative if a is older than
// b, positive if a is newer, and 0 if they are the same record. See [RefreshStore], Order.
func CompareRecords(a, b Record) int {
	return cmp.Or(a.IssuedAt.Compare(b.IssuedAt), strings.Compare(a.ID, b.ID))
}
