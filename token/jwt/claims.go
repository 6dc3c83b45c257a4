package jwttoken

import (
	"time"

	"github.com/google/uuid"
	"github.com/tokenauth/tokenauth/core"
)

// maxSeconds is the last second of the year 9999 in Unix time.
const maxSeconds = 253402300799

// refLength is the length of a UUID's text form (RFC 9562 §4).
const refLength = 36

var (
	errUserID = tokenError("the user_id has not 1 to 255 bytes")
	errSID    = tokenError("the sid is empty")
	errRefID  = tokenError("the ref_id is not a UUIDv4")
)

// setClaims stores what a payload says, Extra excepted, or returns an error
// and stores nothing. It copies what it stores.
func setClaims(c *core.Claims, iat, exp int64, userID, refID, sid []byte) error {
	if len(userID) == 0 || len(userID) > core.MaxUserIDBytes {
		return errUserID
	}
	if len(sid) == 0 {
		return errSID
	}
	// uuid.ParseBytes takes other forms too, all of another length.
	ref, err := uuid.ParseBytes(refID)
	if err != nil || len(refID) != refLength || !isUUIDv4(ref) {
		return errRefID
	}
	// One string for both, because an allocation costs more than the copying.
	ids := string(append(append(make([]byte, 0, 64), userID...), sid...))
	c.UserID, c.SessionID = ids[:len(userID)], ids[len(userID):]
	c.Ref = core.Ref(ref)
	c.IssuedAt, c.ExpiresAt = time.Unix(iat, 0).UTC(), time.Unix(exp, 0).UTC()
	return nil
}

// isUUIDv4 checks the version and the variant (RFC 9562 §5.4).
func isUUIDv4(u uuid.UUID) bool { return u.Version() == 4 && u.Variant() == uuid.RFC4122 }

// parseSeconds returns the number of digits that s begins with and what they
// say; n is 0 where that is no whole second from 1970 to the end of the year 9999.
func parseSeconds(s []byte) (seconds int64, n int) {
	for n < len(s) && n < 13 && s[n]-'0' <= 9 {
		seconds = seconds*10 + int64(s[n]-'0')
		n++
	}
	if seconds > maxSeconds || n > 1 && s[0] == '0' {
		return 0, 0
	}
	return seconds, n
}
