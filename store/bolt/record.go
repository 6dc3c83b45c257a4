package boltstore

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

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
	recordFormat     = 1
	sumOffset        = 1
	headOffset       = 5
	generationOffset = 5
	accessOffset     = 13
	previousOffset   = 29
	issuedOffset     = 45
	exchangedOffset  = 51
	expiresOffset    = 57
	revokedOffset    = 63
	userOffset       = 69
	deviceOffset     = 70
	textOffset       = 72
	notRevoked       = 1<<(8*momentBytes) - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNewer says that a later version of this package wrote something.
var errNewer = errors.New("a file of a newer format")

// entry is a record in its stored form, under its key. One that was read is whole,
// and its value belongs to the transaction.
type entry struct {
	key   key
	value []byte
}

// encode returns the stored form of a record.
func encode(r core.Record) (entry, error) {
	if err := r.Validate(); err != nil {
		return entry{}, err
	}
	k, _ := parseID(r.ID)
	b := make([]byte, headOffset, textOffset+len(r.UserID)+len(r.Device)+len(r.Data))
	b[0] = recordFormat
	b = binary.BigEndian.AppendUint64(b, uint64(r.Generation))
	b = append(b, r.AccessRef[:]...)
	b = append(b, r.PreviousRef[:]...)
	b = appendMoment(b, r.IssuedAt.UnixMilli())
	b = appendMoment(b, r.ExchangedAt.UnixMilli())
	b = appendMoment(b, r.ExpiresAt.UnixMilli())
	if r.RevokedAt.IsZero() {
		b = appendMoment(b, notRevoked)
	} else {
		b = appendMoment(b, r.RevokedAt.UnixMilli())
	}
	b = append(b, byte(len(r.UserID)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.Device)))
	b = append(b, r.UserID...)
	b = append(b, r.Device...)
	b = append(b, r.Data...)
	binary.BigEndian.PutUint32(b[sumOffset:], checksum(k, b))
	return entry{k, b}, nil
}

// read returns the record stored under a key as b, if its checksum is right.
func read(storedKey, b []byte) (entry, error) {
	if len(storedKey) != keyBytes {
		return entry{}, fmt.Errorf("the key %x is corrupt", storedKey)
	}
	k := key(storedKey)
	if len(b) > 0 && b[0] > recordFormat {
		return entry{}, fmt.Errorf("record %s: %w (%d; this program knows %d)", k.id(), errNewer, b[0], recordFormat)
	}
	if len(b) < textOffset || b[0] != recordFormat || binary.BigEndian.Uint32(b[sumOffset:]) != checksum(k, b) {
		return entry{}, corrupt(k)
	}
	return entry{k, b}, nil
}

func (e entry) isRevoked() bool { return readMoment(e.value[revokedOffset:]) != notRevoked }

func (e entry) isOf(userID string) bool {
	n := int(e.value[userOffset])
	text := e.value[textOffset:]
	return n <= len(text) && string(text[:n]) == userID
}

// decode returns a copy of the record. It keeps nothing of the entry.
func (e entry) decode() (core.Record, error) {
	user, device := int(e.value[userOffset]), int(binary.BigEndian.Uint16(e.value[deviceOffset:]))
	text := e.value[textOffset:]
	if user+device > len(text) {
		return core.Record{}, corrupt(e.key)
	}
	r := core.Record{
		ID:          e.key.id(),
		UserID:      string(text[:user]),
		Generation:  int64(binary.BigEndian.Uint64(e.value[generationOffset:])),
		AccessRef:   core.Ref(e.value[accessOffset:]),
		PreviousRef: core.Ref(e.value[previousOffset:]),
		Device:      string(text[user : user+device]),
		Data:        append([]byte(nil), text[user+device:]...),
		IssuedAt:    readTime(e.value[issuedOffset:]),
		ExchangedAt: readTime(e.value[exchangedOffset:]),
		ExpiresAt:   readTime(e.value[expiresOffset:]),
	}
	if e.isRevoked() {
		r.RevokedAt = readTime(e.value[revokedOffset:])
	}
	// A record with the right checksum was written by encode, unless somebody
	// else can compute it too.
	if err := r.Validate(); err != nil {
		return core.Record{}, fmt.Errorf("%w: %w", corrupt(e.key), err)
	}
	return r, nil
}

func corrupt(k key) error { return fmt.Errorf("record %s is corrupt", k.id()) }

// checksum returns that of a record, which has one already or room for it.
func checksum(k key, b []byte) uint32 {
	sum := crc32.Update(0, castagnoli, k[:])
	sum = crc32.Update(sum, castagnoli, b[:sumOffset])
	return crc32.Update(sum, castagnoli, b[headOffset:])
}

const (
	keyBytes   = 25
	shardBytes = 5
)

// key is the 25 bytes of which an ID is the text. The first five are the shard
// of its user, so in the order of keys the records of one user lie together.
type key [keyBytes]byte

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// parseID returns the key of an ID, and false for a malformed one.
func parseID(id string) (k key, ok bool) {
	if !core.ValidID(id) {
		return k, false
	}
	_, err := idEncoding.Decode(k[:], []byte(id))
	return k, err == nil
}

func (k key) id() string { return idEncoding.EncodeToString(k[:]) }

// shardOf returns the bytes with which all keys of the user begin.
func shardOf(userID string) []byte {
	shard, err := idEncoding.DecodeString(core.UserShard(userID))
	if err != nil || len(shard) != shardBytes {
		panic("boltstore: a user's shard is not what this package was written for")
	}
	return shard
}

// Moments are stored as milliseconds of Unix time in six bytes, most significant
// first, so that their bytes have their order. The end of the year 9999 fits.
const momentBytes = 6

func appendMoment(b []byte, ms int64) []byte {
	return append(b, byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms))
}

// readMoment reads the first six bytes of b.
func readMoment(b []byte) int64 {
	return int64(binary.BigEndian.Uint16(b))<<32 | int64(binary.BigEndian.Uint32(b[2:]))
}

func readTime(b []byte) time.Time { return time.UnixMilli(readMoment(b)).UTC() }

// An expiry key is when a record expires and then its key.
const expiryKeyBytes = momentBytes + keyBytes

func expiryKey(expiresAt time.Time, k key) []byte {
	return append(appendMoment(make([]byte, 0, expiryKeyBytes), expiresAt.UnixMilli()), k[:]...)
}
