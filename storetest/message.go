package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// How long a failure is at most. All of it fits on a screen, whatever the store does.
const (
	maxMessageLines, maxMessageBytes = 40, 8 << 10
	maxCallLines, maxCallBytes       = 20, 5 << 10
	maxSeenLines, maxSeenBytes       = 6, 1 << 10 // of what was expected, what was seen and a hint each
	maxStackLines                    = 8
	maxLineBytes                     = 512
)

// clip leaves out lines from the middle of the text, and the ends of long ones, until
// it has at most so many lines and bytes.
func clip(text string, maxLines, maxBytes int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	size := 0
	for i, line := range lines {
		if len(line) > maxLineBytes {
			lines[i] = fmt.Sprintf("%s… (%d bytes more)", strings.ToValidUTF8(line[:maxLineBytes-32], ""), len(line)-maxLineBytes+32)
		}
		size += len(lines[i]) + 1
	}
	if len(lines) <= maxLines && size <= maxBytes {
		return strings.Join(lines, "\n")
	}
	// The first lines show how it began, the last how it ended.
	kept := len(lines)
	head := min(maxLines/4, kept/2)
	from := head
	for from < len(lines) && (kept >= maxLines || size+40 > maxBytes) {
		size -= len(lines[from]) + 1
		kept--
		from++
	}
	left := slices.Clone(lines[:head])
	left = append(left, fmt.Sprintf("\t(%d lines left out)", from-head))
	return strings.Join(append(left, lines[from:]...), "\n")
}

// topOf returns the first lines of a stack below the panic.
func topOf(stack string) string {
	if _, below, ok := strings.Cut(stack, "\npanic("); ok {
		_, stack, _ = strings.Cut(below, "\n") // panic's own line, and where it is
		_, stack, _ = strings.Cut(stack, "\n")
	}
	lines := strings.Split(strings.TrimRight(stack, "\n"), "\n")
	return clip(strings.Join(lines[:min(len(lines), maxStackLines)], "\n"), maxStackLines, maxSeenBytes)
}

// brief names a record and tells what calls have changed in it.
func brief(r core.Record) string {
	var b strings.Builder
	b.WriteString(cmp.Or(r.ID, "a record without ID"))
	if r.Generation != 0 {
		fmt.Fprintf(&b, " generation %d", r.Generation)
	}
	if !r.RevokedAt.IsZero() {
		fmt.Fprintf(&b, " revoked at %s", formatTime(r.RevokedAt))
	}
	return b.String()
}

// listDifference says how the list got differs from the list want. It names at most a
// few of the records.
func listDifference(want, got []core.Record) (expected, seen string) {
	missing, extra := lacking(want, got), lacking(got, want)
	expected = counted(len(want))
	switch {
	case len(missing)+len(extra) == 0 && len(want) == len(got):
		for i := range want {
			if want[i].ID != got[i].ID {
				return fmt.Sprintf("%s, number %d of them %s", expected, i+1, want[i].ID),
					fmt.Sprintf("the same records in another order: number %d is %s", i+1, got[i].ID)
			}
		}
	case len(missing)+len(extra) == 0:
		return expected, fmt.Sprintf("%s: some of them twice", counted(len(got)))
	}
	if len(missing) > 0 {
		expected += ", among them " + fewIDs(missing)
	}
	seen = counted(len(got))
	if len(missing) > 0 {
		seen += ", without those"
	}
	if len(extra) > 0 {
		seen += ", and among them " + fewIDs(extra) + ", which should not be there"
	}
	return expected, seen
}

// lacking returns those of a that are not in b, by their IDs.
func lacking(a, b []core.Record) []core.Record {
	in := map[string]bool{}
	for _, r := range b {
		in[r.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(r core.Record) bool { return in[r.ID] })
}

func counted(n int) string {
	switch n {
	case 0:
		return "no records"
	case 1:
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

// fewIDs names at most three of the records.
func fewIDs(rs []core.Record) string {
	var names []string
	for _, r := range rs[:min(len(rs), 3)] {
		names = append(names, r.ID)
	}
	if more := len(rs) - len(names); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, " and ")
}

// resultDifference says how the result got of a call differs from the result want.
func resultDifference(m method, want, got result) (expected, seen string) {
	switch {
	case (want.err == nil) != (got.err == nil), want.err != nil && !isJust(got.err, want.err):
	case m == exchange || m == get && want.err == nil:
		expected, seen = difference(want.record, got.record)
		return "the record has " + expected, seen
	case want.err == nil && (m == create || m == revoke || m == listUser || m == iterate):
		if !slices.EqualFunc(want.records, got.records, func(a, b core.Record) bool { return a.ID == b.ID }) {
			return listDifference(want.records, got.records)
		}
		for i := range want.records {
			if !sameRecord(want.records[i], got.records[i]) {
				expected, seen = difference(want.records[i], got.records[i])
				return fmt.Sprintf("record %s has %s", want.records[i].ID, expected), seen
			}
		}
	}
	return want.format(m), got.format(m)
}

// statesOf says of each of the records whether it is as before the call, as after it, or
// neither.
func statesOf(before, after, is []core.Record) string {
	var parts []string
	in := func(rs []core.Record, id string) *core.Record {
		for i := range rs {
			if rs[i].ID == id {
				return &rs[i]
			}
		}
		return nil
	}
	same := func(a, b *core.Record) bool {
		return a == nil && b == nil || a != nil && b != nil && sameRecord(*a, *b)
	}
	seen := map[string]bool{}
	for _, r := range slices.Concat(before, after, is) {
		if seen[r.ID] {
			continue
		}
		seen[r.ID] = true
		b, a, now := in(before, r.ID), in(after, r.ID), in(is, r.ID)
		switch {
		case same(b, a) && same(now, b):
		case same(now, b):
			parts = append(parts, r.ID+" is as before")
		case same(now, a):
			parts = append(parts, r.ID+" is as after")
		case now == nil:
			parts = append(parts, r.ID+" is not there")
		case a != nil:
			_, has := difference(*a, *now)
			parts = append(parts, r.ID+" is neither, and has "+has)
		default:
			parts = append(parts, r.ID+" is neither")
		}
	}
	return strings.Join(parts, "; ")
}
