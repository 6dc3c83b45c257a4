package storetest

import (
	"html"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// confusing makes a store that looks for a user's records by another key than the
// user ID itself, and so takes users with one key for each other.
func confusing(key func(userID string) string) func(state, call) result {
	return func(s state, c call) result {
		switch c.method {
		case create:
			if c.limit > 0 {
				return s.createAfter(c, func([]core.Record) []core.Record {
					return beyond(s.liveOf(key, c.record.UserID, c), c.limit)
				})
			}
		case listUser:
			return result{records: s.liveOf(key, c.userID, c)}
		case revoke:
			if c.revocation.ID == "" {
				return like(func(user, other string) bool { return key(user) == key(other) })(s, c)
			}
		}
		return s.apply(c)
	}
}

// liveOf returns the live records of all users who share the user's key.
func (s state) liveOf(key func(string) string, userID string, c call) []core.Record {
	users := map[string]bool{}
	for _, t := range s {
		if key(t.UserID) == key(userID) {
			users[t.UserID] = true
		}
	}
	var live []core.Record
	for user := range users {
		live = append(live, s.live(user, c.now())...)
	}
	return live
}

// like makes a store that finds users by a pattern.
func like(matches func(pattern, userID string) bool) func(state, call) result {
	return selecting(func(v core.Revocation, r core.Record) bool {
		if v.ID == "" && matches(v.UserID, r.UserID) {
			v.UserID = r.UserID
		}
		return selects(v, r)
	})
}

var brokenUser = []broken{
	{
		bug:   "folds the case of user IDs",
		apply: confusing(strings.ToLower),
		fails: "User/Case User/Normalization User/Words",
	},
	{
		bug:   "trims user IDs",
		apply: confusing(strings.TrimSpace),
		fails: "User/Spaces",
	},
	{
		bug:   "pads user IDs with spaces",
		apply: confusing(func(user string) string { return strings.TrimRight(user, " ") }),
		fails: "User/Spaces",
	},
	{
		bug: "ends user IDs at a NUL",
		apply: confusing(func(user string) string {
			user, _, _ = strings.Cut(user, "\x00")
			return user
		}),
		fails: "User/NUL",
	},
	{
		bug: "keeps user IDs without NUL",
		apply: changed(create, func(c *call) {
			c.record.UserID = strings.ReplaceAll(c.record.UserID, "\x00", "")
		}),
		fails: "User/NUL",
	},
	{
		bug:   "normalizes user IDs",
		apply: confusing(strings.NewReplacer("e\u0301", "\u00e9", "A\u030a", "\u00c5", "\u212b", "\u00c5").Replace),
		fails: "User/Normalization",
	},
	{
		bug:   "collates user IDs",
		apply: confusing(strings.NewReplacer("\u00e9", "e", "\u00f6", "o", "\u00df", "ss", "\u00e6", "ae", "\u00ad", "").Replace),
		fails: "User/Case User/LookAlikes",
	},
	{
		bug: "takes user IDs for file name patterns",
		apply: like(func(pattern, user string) bool {
			ok, err := path.Match(pattern, user)
			return ok && err == nil
		}),
		fails: "User/Wildcards",
	},
	{
		bug: "takes user IDs for LIKE patterns",
		apply: like(func(pattern, user string) bool {
			return strings.HasSuffix(pattern, "%") && strings.HasPrefix(user, strings.TrimSuffix(pattern, "%"))
		}),
		fails: "User/Wildcards User/Escapes",
	},
	{
		bug:   "finds users by prefix",
		apply: like(func(pattern, user string) bool { return strings.HasPrefix(user, pattern) }),
		fails: `User/Spaces User/NUL User/LookAlikes User/Wildcards User/Quotes User/Separators User/Prefixes
			User/Numbers User/BeyondBMP User/Longest User/Escapes`,
	},
	{
		bug: "takes user IDs for parts of a URL",
		apply: confusing(func(user string) string {
			if plain, err := url.QueryUnescape(user); err == nil {
				return plain
			}
			return user
		}),
		fails: "User/Escapes",
	},
	{
		bug:   "takes user IDs for parts of a page",
		apply: confusing(html.UnescapeString),
		fails: "User/Escapes",
	},
	{
		bug:   "takes a backslash in user IDs for an escape",
		apply: confusing(func(user string) string { return strings.ReplaceAll(user, `\\`, `\`) }),
		fails: "User/Escapes",
	},
	{
		bug: "joins user IDs and other things with a colon",
		apply: confusing(func(user string) string {
			user, _, _ = strings.Cut(user, ":")
			return user
		}),
		fails: "User/Separators User/Prefixes",
	},
	{
		bug: "compares user IDs as numbers",
		apply: confusing(func(user string) string {
			if n, err := strconv.ParseFloat(user, 64); err == nil {
				return strconv.FormatFloat(n, 'g', -1, 64)
			}
			return user
		}),
		fails: "User/Numbers",
	},
	{
		bug: "takes user IDs for missing values",
		apply: confusing(func(user string) string {
			switch user {
			case "null", "NULL", "nil", "None", "undefined":
				return ""
			}
			return user
		}),
		fails: "User/Words",
	},
	{
		bug: "takes all characters of four bytes for one",
		apply: confusing(func(user string) string {
			return strings.Map(func(r rune) rune { return min(r, 0x10000) }, user)
		}),
		fails: "User/BeyondBMP",
	},
	{
		bug:   "compares 191 bytes of user IDs",
		apply: confusing(func(user string) string { return user[:min(len(user), 191)] }),
		fails: "User/Longest",
	},
	{
		bug:   "keeps the shard for the user",
		apply: confusing(core.UserShard),
		fails: "Create/DuplicateOfAnother User/SameShard Dead/OtherUsers",
	},
}
