package redisstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// A record is the value of a field of its shard's hash. All numbers are
// big-endian and unsigned. Times are milliseconds of Unix time:
//
//	offset  bytes
//	     0      1  version of the format: 1
//	     1      7  Generation
//	     8     16  AccessRef
//	    24     16  PreviousRef
//	    40      6  ExchangedAt
//	    46      6  ExpiresAt
//	    52      6  RevokedAt; all bits are set: not revoked
//	    58      6  IssuedAt
//	    64      1  length of UserID
//	    65         UserID
//	            2  length of Device
//	               Device
//	               Data, up to the end
//
// An exchange replaces the first 58 bytes, a revocation the six of RevokedAt. The
// scripts know these offsets too, one higher, because Lua counts from 1.
const (
	version    = 1
	stateBytes = 58 // what an exchange replaces
	fixedBytes = 65
	notRevoked = 1<<48 - 1
)

var (
	errFormat  = errors.New("record has a format that this version does not know")
	errDamaged = errors.New("record is damaged")
)

func encodeRecord(r core.Record) []byte {
	b := make([]byte, 0, fixedBytes+len(r.UserID)+2+len(r.Device)+len(r.Data))
	b = appendState(b, r)
	b = append(b, timeBytes(r.IssuedAt)...)
	b = append(b, byte(len(r.UserID)))
	b = append(b, r.UserID...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.Device)))
	b = append(b, r.Device...)
	return append(b, r.Data...)
}

// appendState appends the part of a record that an exchange replaces.
func appendState(b []byte, r core.Record) []byte {
	b = binary.BigEndian.AppendUint64(b, version<<56|uint64(r.Generation))
	b = append(b, r.AccessRef[:]...)
	b = append(b, r.PreviousRef[:]...)
	b = append(b, timeBytes(r.ExchangedAt)...)
	b = append(b, timeBytes(r.ExpiresAt)...)
	return append(b, timeBytes(r.RevokedAt)...)
}

// timeBytes returns a time as a record holds it. The zero time is "not revoked".
func timeBytes(t time.Time) []byte {
	ms := t.UnixMilli()
	if t.IsZero() {
		ms = notRevoked
	}
	return binary.BigEndian.AppendUint64(nil, uint64(ms))[2:]
}

// decodeRecord returns the record of that ID from the value of its field. The error
// matches errFormat or errDamaged.
func decodeRecord(id, v string) (core.Record, error) {
	var fixed [fixedBytes]byte
	n := copy(fixed[:], v)
	if n == 0 || fixed[0] != version {
		return core.Record{}, errFormat
	}
	if n < fixedBytes {
		return core.Record{}, errDamaged
	}
	userID, rest, ok := cut(v[fixedBytes:], int(fixed[64]))
	if !ok || len(rest) < 2 {
		return core.Record{}, errDamaged
	}
	device, data, ok := cut(rest[2:], int(rest[0])<<8|int(rest[1]))
	if !ok {
		return core.Record{}, errDamaged
	}
	r := core.Record{
		ID:          id,
		UserID:      userID,
		Generation:  int64(binary.BigEndian.Uint64(fixed[:]) & (1<<56 - 1)),
		AccessRef:   core.Ref(fixed[8:24]),
		PreviousRef: core.Ref(fixed[24:40]),
		Device:      device,
		Data:        []byte(data),
		IssuedAt:    bytesTime(fixed[58:]),
		ExchangedAt: bytesTime(fixed[40:]),
		ExpiresAt:   bytesTime(fixed[46:]),
	}
	if revokedAt := bytesTime(fixed[52:]); !revokedAt.Equal(time.UnixMilli(notRevoked)) {
		r.RevokedAt = revokedAt
	}
	if err := r.Validate(); err != nil {
		return core.Record{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return r, nil
}

// cut splits text after n bytes. It reports false if the text is shorter.
func cut(text string, n int) (before, after string, ok bool) {
	if len(text) < n {
		return "", "", false
	}
	return text[:n], text[n:], true
}

func bytesTime(b []byte) time.Time {
	ms := int64(binary.BigEndian.Uint16(b))<<32 | int64(binary.BigEndian.Uint32(b[2:]))
	return time.UnixMilli(ms).UTC()
}
