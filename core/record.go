package core

import "time"

// What a record can hold. The schema refuses more before it calls a store.
const (
	// MaxUserIDBytes is the length of the longest user id, in bytes.
	MaxUserIDBytes = 255
	// MaxDeviceBytes is the length of the longest device description, in bytes.
	MaxDeviceBytes = 512
	// MaxDataBytes is the length of the longest application data, in bytes.
	MaxDataBytes = 4096
)

// Record is the record that a [RefreshStore] keeps of one session. It
// holds no credential: nothing in it lets anybody log in. It is a plain value;
// only Data refers to memory that copies share.
type Record struct {
	// ID names the record: 40 characters of [a-z2-7], made by NewRecordID of the UserID.
	ID string
	// UserID is the user whose session this is: 1 to MaxUserIDBytes bytes of
	// valid UTF-8, compared byte for byte. It may hold any character, NUL included.
	UserID string
	// Generation is how many exchanges the token has been through: 0 at login, always
	// below 2^53.
	Generation int64
	// AccessRef is the reference of the access token it is mapped to.
	AccessRef Ref
	// PreviousRef is the reference that the last exchange came from; zero
	// before the first exchange.
	PreviousRef Ref
	// Device describes the session to its user: at most MaxDeviceBytes bytes
	// of valid UTF-8 without NUL; may be empty.
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
	// RevokedAt is when the record was revoked, zero while it is not.
	RevokedAt time.Time
}

// Live reports whether the record is neither revoked nor expired at that
// moment. A record is expired from ExpiresAt on.
func (t Record) Live(at time.Time) bool {
	return t.RevokedAt.IsZero() && at.Before(t.ExpiresAt)
}

// Exchange says how [RefreshStore.Exchange] moves a record's mapping.
type Exchange struct {
	// ID is the id of the record.
	ID string
	// Generation is that of the token presented: 0 or more and below 2^53-1.
	Generation int64
	// From is the reference of the token presented, To the reference that the
	// record is mapped to afterwards.
	From, To Ref
	// At is the moment of the exchange.
	At time.Time
	// ExpiresAt is the record's expiry after the exchange.
	ExpiresAt time.Time
}
