package storetest

import (
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// sameShard are two users with the same UserShard, found by trying.
var sameShard = [2]string{"user-184128", "user-1114608"}

// strangers are groups of user IDs that a store might take for one another,
// or not be able to tell from something else.
var strangers = []struct {
	id, text string
	users    []string
}{
	{
		"User/Case", "User IDs that differ only in case are different users.",
		[]string{"alice", "Alice", "ALICE", "straße", "STRASSE", "strasse", "k", "\u212A", "s", "\u017F", "i", "I", "\u0130", "\u0131", "σ", "ς", "Σ"},
	},
	{
		"User/Spaces", "User IDs that differ only in white space, at an end or within, are different users.",
		[]string{"a", "a ", " a", "a  ", "a\t", "a\n", "a\r\n", "\ta", "a\u00a0", "a\u200b", "\ufeffa", "a b", "a  b", "a\u00a0b", " ", "  ", "\n"},
	},
	{
		"User/NUL", "A user ID may hold NUL, and what follows it counts.",
		[]string{"a", "a\x00", "a\x00\x00", "a\x00b", "a\x00c", "\x00", "\x00a", "\x00\x00", strings.Repeat("\x00", core.MaxUserIDBytes)},
	},
	{
		"User/Normalization", "User IDs that are the same text in another Unicode normalization form are different users.",
		[]string{"caf\u00e9", "cafe\u0301", "\u00c5", "\u212b", "A\u030a", "\ufb01", "fi", "\uac00", "\u1100\u1161", "q\u0307\u0323", "q\u0323\u0307", "\u00bd", "1\u20442"},
	},
	{
		"User/LookAlikes", "User IDs that look or collate alike are different users.",
		[]string{"alice", "\u0430lice", "al\u0456ce", "cafe", "caf\u00e9", "aether", "\u00e6ther", "ss", "\u00df", "o", "\u00f6", "oe", "a\u00adb", "ab", "a\u200db", "\u202eab"},
	},
	{
		"User/Wildcards", "Characters that mean something in a pattern mean nothing in a user ID.",
		[]string{"ab", "a%", "a_", "%", "_", "a*", "*", "a?", "?", "[ab]", "[a-z]", "a[b", "\\", "a\\b", "\\%", "^a", "a+", "."},
	},
	{
		"User/Quotes", "Characters that mean something in a query or a script mean nothing in a user ID.",
		[]string{"ab", "a'b", "'", "''", "\"", "a\"b", "`a`", "a;b", "--", "/*", "' OR '1'='1", "$a", "$1", "%s", "?1", "#{a}", "<a>"},
	},
	{
		"User/Escapes", "User IDs that differ by an escape, of a URL, of a string or of a page, are different users.",
		[]string{"a b", "a%20b", "a+b", "a\\b", "a\\\\b", "a\\x62", "&", "&amp;", "&#38;", "%", "%25", "\n", "\\n", "\u00e9", "\\u00e9", "%C3%A9", "=C3=A9"},
	},
	{
		"User/Separators", "Characters that part a key, a path or a list mean nothing in a user ID.",
		[]string{"a", "{a}", "{a}b", "{", "}", "a:b", "a:", ":", "a/b", "a/", "a//b", "./a", "a/./b", "a/../b", "../a", "a|b", "a,b", "a=b", "a&b", "a#b", "a@b"},
	},
	{
		"User/Prefixes", "A user ID that is the beginning or the end of another is a different user.",
		[]string{"a", "aa", "aaa", "a:a", "a:a:a", "a/a", "a\x01", "a\x7f", "a\U0010ffff", "ba", "ab"},
	},
	{
		"User/Numbers", "User IDs that are the same number are different users.",
		[]string{"1", "01", "1.0", "+1", "1e0", "0x1", "１", "١", "0", "-0", "00", "9007199254740993", "9007199254740992", "1e400", "NaN"},
	},
	{
		"User/Words", "A user ID that is a word to some language is a user like any other.",
		[]string{"null", "NULL", "nil", "None", "undefined", "true", "false", "default", "user", "admin", "__proto__", "select", "-", "\\N", "''"},
	},
	{
		"User/BeyondBMP", "Characters of four bytes, non-characters and control characters are told apart.",
		[]string{"\U0001F600", "\U0001F601", "\U0001F44D", "\U0001F44D\U0001F3FD", "\U0010FFFF", "\U0010FFFE", "\uFFFF", "\uFFFD", "\uFFFC", "\x01", "\x02", "\x1b[0m", "\x7f", "\u0080", "\u2028"},
	},
	{
		"User/Longest", "A user ID of 255 bytes is kept whole, and every byte of it counts.",
		[]string{
			strings.Repeat("u", core.MaxUserIDBytes), strings.Repeat("u", core.MaxUserIDBytes-1), strings.Repeat("u", core.MaxUserIDBytes-1) + "v",
			strings.Repeat("ü", core.MaxUserIDBytes/2), strings.Repeat("ü", core.MaxUserIDBytes/2) + "u", strings.Repeat("ü", core.MaxUserIDBytes/2) + "v",
			strings.Repeat("\U0001F600", core.MaxUserIDBytes/4), strings.Repeat("-", core.MaxUserIDBytes), strings.Repeat("'", core.MaxUserIDBytes),
		},
	},
	{
		"User/SameShard", "Two users who share a shard are different users.",
		sameShard[:],
	},
}

func userRules() []rule {
	var all []rule
	for _, group := range strangers {
		all = append(all, rule{
			id: group.id, text: group.text,
			check: func(t *trial) { t.tellsApart(group.users) },
		})
	}
	return all
}

// tellsApart wants none of the users taken for another by any method that goes
// by the user.
func (t *trial) tellsApart(users []string) {
	var records []core.Record
	for _, user := range users {
		records = append(records, newRecord(user, base))
	}
	t.create(records...)
	t.holds(records...)
	for i, user := range users {
		t.lists(user, base, records[i])
	}
	for i, user := range users {
		records[i] = newRecord(user, after(1))
		t.createLimited(records[i], 1)
		t.holds(records...)
	}
	for _, user := range users {
		t.endsUser(user, after(2))
		records = records[1:]
		t.holds(records...)
	}
}
