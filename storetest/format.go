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
		return fmt.Sprintf("Create(%s, %d)", formatRecord(c.record), c.limit)
	case exchange:
		x := c.exchange
		return fmt.Sprintf("Exchange({ID: %s, Generation: %d, From: %s, To: %s, At: %s, ExpiresAt: %s})",
			x.ID, x.Generation, formatRef(x.From), formatRef(x.To), formatTime(x.At), formatTime(x.ExpiresAt))
	case revoke:
		return formatRevocation(c.revocation)
	case listUser:
		return fmt.Sprintf("ListUser(%s, %s)", formatText(c.userID), formatTime(c.at))
	case deleteExpired:
		return fmt.Sprintf("DeleteExpired(%s, %d)", formatTime(c.at), c.max)
	}
	return fmt.Sprintf("%s(%s)", c.method, c.id)
}

// formatRevocation leaves out what is empty.
func formatRevocation(v core.Revocation) string {
	var set []string
	for _, f := range []struct {
		name, text string
		empty      bool
	}{
		{"ID", v.ID, v.ID == ""},
		{"UserID", formatText(v.UserID), v.UserID == ""},
		{"Except", v.Except, v.Except == ""},
		{"IssuedUntil", formatTime(v.IssuedUntil), v.IssuedUntil.IsZero()},
		{"At", formatTime(v.At), false},
	} {
		if !f.empty {
			set = append(set, f.name+": "+f.text)
		}
	}
	return "Revoke({" + strings.Join(set, ", ") + "})"
}

// format returns what the call's method returned, without what it does not
// return.
func (r result) format(m method) string {
	switch m {
	case get:
		if r.err == nil {
			return brief(r.record)
		}
	case exchange:
		if r.err == nil || errors.Is(r.err, core.ErrConflict) {
			return brief(r.record) + ", " + formatErr(r.err)
		}
	case create:
		if r.err == nil && len(r.records) > 0 {
			return "evicted " + formatRecords(r.records)
		}
	case revoke, listUser, iterate:
		if r.err == nil {
			return formatRecords(r.records)
		}
	case deleteExpired:
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

func formatRecords(rs []core.Record) string { return formatList(rs, 4, brief) }

// formatList prints at most so many of the records.
func formatList(rs []core.Record, most int, format func(core.Record) string) string {
	if len(rs) == 0 {
		return "no records"
	}
	texts := make([]string, 0, most+1)
	for _, r := range rs[:min(len(rs), most)] {
		texts = append(texts, format(r))
	}
	if more := len(rs) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	noun := "records"
	if len(rs) == 1 {
		noun = "record"
	}
	return fmt.Sprintf("%d %s [%s]", len(rs), noun, strings.Join(texts, ", "))
}

// formatRecord leaves out what is zero, and an ExchangedAt that is the IssuedAt.
func formatRecord(t core.Record) string {
	var set []string
	for _, f := range fields(t) {
		same := f.name == "ExchangedAt" && t.ExchangedAt.Equal(t.IssuedAt) || f.name == "Generation" && t.Generation == 0
		if f.text != zero && !same {
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
