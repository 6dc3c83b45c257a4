package storetest

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// String returns the call as it would stand in a program.
func (c call) String() string {
	switch c.method {
	case create:
		return fmt.Sprintf("Create(%s, %d)", formatToken(c.token), c.limit)
	case exchange:
		x := c.exchange
		return fmt.Sprintf("Exchange({ID: %s, Generation: %d, From: %s, To: %s, At: %s, ExpiresAt: %s})",
			x.ID, x.Generation, formatRef(x.From), formatRef(x.To), formatTime(x.At), formatTime(x.ExpiresAt))
	case revoke:
		return fmt.Sprintf("Revoke(%s, %s)", c.id, formatTime(c.at))
	case revokeUser, listUser:
		return fmt.Sprintf("%s(%s, %s)", c.method, formatText(c.userID), formatTime(c.at))
	case deleteExpired:
		return fmt.Sprintf("DeleteExpired(%s, %d)", formatTime(c.at), c.max)
	}
	return fmt.Sprintf("%s(%s)", c.method, c.id)
}

// format returns what the call's method returned, without what it does not
// return.
func (r result) format(m method) string {
	switch m {
	case get:
		if r.err == nil {
			return formatToken(r.token)
		}
	case exchange:
		if r.err == nil || errors.Is(r.err, core.ErrConflict) {
			return formatToken(r.token) + ", " + formatErr(r.err)
		}
	case listUser:
		if r.err == nil {
			return formatTokens(r.tokens)
		}
	case revokeUser, deleteExpired:
		if r.err == nil {
			return fmt.Sprint(r.n)
		}
	}
	return formatErr(r.err)
}

func formatErr(err error) string {
	switch {
	case err == nil:
		return "nil"
	case isJust(err, core.ErrNotFound):
		return "ErrNotFound"
	case isJust(err, core.ErrExists):
		return "ErrExists"
	case isJust(err, core.ErrConflict):
		return "ErrConflict"
	}
	if p, ok := errors.AsType[*panicked](err); ok {
		return p.Error()
	}
	return fmt.Sprintf("error %q", err)
}

func formatTokens(ts []core.Record) string {
	if len(ts) == 0 {
		return "no records"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d records [", len(ts))
	for i, t := range ts {
		if i == 20 {
			fmt.Fprintf(&b, ", and %d more", len(ts)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(formatToken(t))
	}
	return b.String() + "]"
}

// formatToken leaves out references and times that are zero.
func formatToken(t core.Record) string {
	var set []string
	for _, f := range fields(t) {
		if f.text != zero {
			set = append(set, f.name+": "+f.text)
		}
	}
	return "{" + strings.Join(set, ", ") + "}"
}

const zero = "zero"

type field struct{ name, text string }

func fields(t core.Record) []field {
	return []field{
		{"ID", t.ID},
		{"UserID", formatText(t.UserID)},
		{"Generation", fmt.Sprint(t.Generation)},
		{"AccessRef", formatRef(t.AccessRef)},
		{"PreviousRef", formatRef(t.PreviousRef)},
		{"Device", formatText(t.Device)},
		{"Data", formatText(string(t.Data))},
		{"IssuedAt", formatTime(t.IssuedAt)},
		{"ExchangedAt", formatTime(t.ExchangedAt)},
		{"ExpiresAt", formatTime(t.ExpiresAt)},
		{"RevokedAt", formatTime(t.RevokedAt)},
	}
}

// longText is how many bytes of a text are printed; of a longer one a checksum
// tells the rest.
const longText = 48

func formatText(s string) string {
	if len(s) <= longText {
		return fmt.Sprintf("%+q", s)
	}
	return fmt.Sprintf("%+q… (%d bytes, CRC-32 %08x)", s[:longText], len(s), crc32.ChecksumIEEE([]byte(s)))
}

func formatRef(r core.Ref) string {
	if r.IsZero() {
		return zero
	}
	return r.String()
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return zero
	}
	return t.Format(time.RFC3339Nano)
}
