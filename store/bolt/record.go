package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/tokenauth/tokenauth/core"
)

// A record is stored under its key as below. Programs find files that others
// wrote years ago, so this layout is stable: whoever changes it gives it the next
// number, and goes on reading this one.
//
//	offset  bytes
//	     0  1      recordFormat
//	     1  4      CRC-32 (Castagnoli) of the key, the format and all that follows
//	     5  8      Generation
//	    13  16     AccessRef
//	    29  16     PreviousRef
//	    45  6      IssuedAt
//	    51  6      ExchangedAt
//	    57  6      ExpiresAt
//	    63  6      RevokedAt, notRevoked where it is zero
//	    69  1      the length of UserID
//	    70  2      the length of Device
//	    72         UserID, Device, and Data to the end
//
// Numbers have their most significant byte first. The length does not change in
// an exchange, so no exchange makes a full page split.
const (
	recordFormat = 1
	sumOffset    = 1
	headOffset   = 5
	textOffset   = 72
	notRevoked   = 1<<(8*momentBytes) - 1
	// maxGeneration is the largest that core gives out.
	maxGeneration = 1<<53 - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNewer says that a later version of this package wrote something.
var errNewer = errors.New("a file of a newer format")

// encode returns the stored form of the record. What does not fit into it is an
// error: the caller has broken the contract.
func encode(k key, t core.Record) ([]byte, error) {
	if len(t.UserID) == 0 || len(t.UserID) > core.MaxUserIDBytes ||
		len(t.Device) > core.MaxDeviceBytes || len(t.Data) > core.MaxDataBytes {
		return nil, errors.New("the user id, device or data is too long, or the user id is empty")
	}
	if t.Generation < 0 || t.Generation > maxGeneration {
		return nil, errors.New("the generation is out of range")
	}
	issuedAt, exchangedAt := t.IssuedAt.UnixMilli(), t.ExchangedAt.UnixMilli()
	expiresAt, revokedAt := t.ExpiresAt.UnixMilli(), int64(notRevoked)
	if !t.RevokedAt.IsZero() {
		if revokedAt = t.RevokedAt.UnixMilli(); !isMoment(revokedAt) {
			return nil, errMoment
		}
	}
	if !isMoment(issuedAt) || !isMoment(exchangedAt) || !isMoment(expiresAt) {
		return nil, errMoment
	}
	b := make([]byte, headOffset, textOffset+len(t.UserID)+len(t.Device)+len(t.Data))
	b[0] = recordFormat
	b = binary.BigEndian.AppendUint64(b, uint64(t.Generation))
	b = append(b, t.AccessRef[:]...)
	b = append(b, t.PreviousRef[:]...)
	for _, ms := range []int64{issuedAt, exchangedAt, expiresAt, revokedAt} {
		b = appendMoment(b, ms)
	}
	b = append(b, byte(len(t.UserID)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(t.Device)))
	b = append(b, t.UserID...)
	b = append(b, t.Device...)
	b = append(b, t.Data...)
	binary.BigEndian.PutUint32(b[sumOffset:], checksum(k, b))
	return b, nil
}

// decode returns the record stored under k as b, of which it keeps nothing.
func decode(k key, b []byte) (core.Record, error) {
	if len(b) > 0 && b[0] > recordFormat {
		return core.Record{}, fmt.Errorf("record %s: %w (%d; this program knows %d)", k.id(), errNewer, b[0], recordFormat)
	}
	if len(b) < textOffset || b[0] != recordFormat || binary.BigEndian.Uint32(b[sumOffset:]) != checksum(k, b) {
		return core.Record{}, corrupt(k)
	}
	issuedAt, exchangedAt, expiresAt, revokedAt := readMoment(b[45:]), readMoment(b[51:]), readMoment(b[57:]), readMoment(b[63:])
	t := core.Record{
		ID:          k.id(),
		Generation:  int64(binary.BigEndian.Uint64(b[5:])),
		AccessRef:   core.Ref(b[13:]),
		PreviousRef: core.Ref(b[29:]),
		IssuedAt:    moment(issuedAt),
		ExchangedAt: moment(exchangedAt),
		ExpiresAt:   moment(expiresAt),
	}
	if revokedAt != notRevoked {
		t.RevokedAt = moment(revokedAt)
	}
	user, device := int(b[69]), int(binary.BigEndian.Uint16(b[70:]))
	text := b[textOffset:]
	// A record with the right checksum was written by encode, unless somebody
	// else can reckon it too.
	if user == 0 || device > core.MaxDeviceBytes || user+device > len(text) || len(text)-user-device > core.MaxDataBytes ||
		t.Generation < 0 || t.Generation > maxGeneration || !isMoment(issuedAt) || !isMoment(exchangedAt) ||
		!isMoment(expiresAt) || revokedAt != notRevoked && !isMoment(revokedAt) {
		return core.Record{}, corrupt(k)
	}
	t.UserID = string(text[:user])
	t.Device = string(text[user : user+device])
	t.Data = append([]byte(nil), text[user+device:]...)
	return t, nil
}

func corrupt(k key) error { return fmt.Errorf("record %s is corrupt", k.id()) }

// checksum returns that of a record, which has one already or room for it.
func checksum(k key, b []byte) uint32 {
	sum := crc32.Update(0, castagnoli, k[:])
	sum = crc32.Update(sum, castagnoli, b[:sumOffset])
	return crc32.Update(sum, castagnoli, b[headOffset:])
}
