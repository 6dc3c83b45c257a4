package redisstore

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenauth/tokenauth/core"
)

// A record is the value of a field of its shard's hash. All numbers are
// big-endian and unsigned, moments are milliseconds of Unix time:
//
//	offset  bytes
//	     0      1  version, 1
//	     1      7  generation
//	     8     16  the reference it is mapped to
//	    24     16  the reference before that
//	    40      6  exchanged at
//	    46      6  expires at
//	    52      6  revoked at; all bits set: not revoked
//	    58      6  issued at
//	    64      1  length of the user id
//	    65         user id
//	            2  length of the device
//	               device
//	               data, up to the end
//
// An exchange replaces the first 58 bytes, a revocation six of them. The scripts
// know these offsets too, one higher, as Lua counts.
const (
	version     = 1
	stateBytes  = 58 // what exchanges and revocations change
	fixedBytes  = 65
	notRevoked  = 1<<48 - 1
	generations = 1 << 53         // more than any generation
	lastMoment  = 253402300799999 // of the year 9999
)

var (
	errFormat  = errors.New("record has a format that this version does not know")
	errDamaged = errors.New("record is damaged: it holds what no record does, or another user's")
)

func encodeRecord(t core.Record) []byte {
	revokedAt := int64(notRevoked)
	if !t.RevokedAt.IsZero() {
		revokedAt = t.RevokedAt.UnixMilli()
	}
	b := make([]byte, 0, fixedBytes+len(t.UserID)+2+len(t.Device)+len(t.Data))
	b = appendState(b, t.Generation, t.AccessRef, t.PreviousRef, t.ExchangedAt, t.ExpiresAt, revokedAt)
	b = appendMoment(b, t.IssuedAt.UnixMilli())
	b = append(b, byte(len(t.UserID)))
	b = append(b, t.UserID...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(t.Device)))
	b = append(b, t.Device...)
	return append(b, t.Data...)
}

// appendState appends the part of a record that changes.
func appendState(b []byte, generation int64, ref, previous core.Ref, exchangedAt, expiresAt time.Time, revokedAt int64) []byte {
	b = binary.BigEndian.AppendUint64(b, version<<56|uint64(generation))
	b = append(b, ref[:]...)
	b = append(b, previous[:]...)
	b = appendMoment(b, exchangedAt.UnixMilli())
	b = appendMoment(b, expiresAt.UnixMilli())
	return appendMoment(b, revokedAt)
}

func appendMoment(b []byte, ms int64) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(ms>>32))
	return binary.BigEndian.AppendUint32(b, uint32(ms))
}

// decodeRecord returns the record of that id, or errFormat or errDamaged.
func decodeRecord(id, v string) (core.Record, error) {
	var fixed [fixedBytes]byte
	if copy(fixed[:], v) < fixedBytes || fixed[0] != version {
		return core.Record{}, errFormat
	}
	user, rest := int(fixed[64]), v[fixedBytes:]
	if user == 0 || len(rest) < user+2 {
		return core.Record{}, errDamaged
	}
	userID, rest := rest[:user], rest[user:]
	device, rest := int(rest[0])<<8|int(rest[1]), rest[2:]
	generation := int64(binary.BigEndian.Uint64(fixed[:]) & (1<<56 - 1))
	issued, exchanged, expires, revoked := millis(fixed[58:]), millis(fixed[40:]), millis(fixed[46:]), millis(fixed[52:])
	if device > min(len(rest), core.MaxDeviceBytes) || len(rest)-device > core.MaxDataBytes || generation >= generations ||
		max(issued, exchanged, expires) > lastMoment || revoked > lastMoment && revoked != notRevoked ||
		!areTexts(userID, rest[:device]) || core.UserShard(userID) != core.IDShard(id) {
		return core.Record{}, errDamaged
	}
	t := core.Record{
		ID:          id,
		UserID:      userID,
		Generation:  generation,
		AccessRef:   core.Ref(fixed[8:24]),
		PreviousRef: core.Ref(fixed[24:40]),
		Device:      rest[:device],
		Data:        []byte(rest[device:]),
		IssuedAt:    moment(issued),
		ExchangedAt: moment(exchanged),
		ExpiresAt:   moment(expires),
	}
	if revoked != notRevoked {
		t.RevokedAt = moment(revoked)
	}
	return t, nil
}

// areTexts reports whether a user id and a device can be those of a record.
func areTexts(userID, device string) bool {
	return userID != "" && utf8.ValidString(userID) && utf8.ValidString(device) && strings.IndexByte(device, 0) < 0
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func millis(b []byte) int64 {
	return int64(binary.BigEndian.Uint16(b))<<32 | int64(binary.BigEndian.Uint32(b[2:]))
}
