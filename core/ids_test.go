package core_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestTokenIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := core.NewRecordID("ada")
		if len(id) != 40 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Fatalf("the id %q is not 40 characters of [a-z2-7]", id)
		}
		if core.IDShard(id) != core.UserShard("ada") {
			t.Fatalf("the id %q is not in ada's shard", id)
		}
		if seen[id] {
			t.Fatalf("the id %q came twice", id)
		}
		seen[id] = true
	}
	// Stores keep records by it: it never changes.
	if got, want := core.UserShard("ada"), "3uuzf6r4"; got != want {
		t.Errorf("UserShard(ada) = %q, want %q", got, want)
	}
	if core.UserShard("ada") == core.UserShard("Ada") {
		t.Error("case does not count")
	}
	if got := core.IDShard("abc"); got != "abc" {
		t.Errorf("IDShard(abc) = %q", got)
	}
}

func TestRefText(t *testing.T) {
	ref := core.Ref{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x4d, 0xef, 0x81, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	const text = "01234567-89ab-4def-8123-456789abcdef"
	if ref.String() != text {
		t.Errorf("String = %q, want %q", ref, text)
	}
	var back core.Ref
	if err := back.UnmarshalText([]byte(strings.ToUpper(text))); err != nil || back != ref {
		t.Errorf("UnmarshalText = %v, %v", back, err)
	}
	encoded, err := json.Marshal(ref)
	if err != nil || string(encoded) != `"`+text+`"` {
		t.Errorf("json.Marshal = %s, %v", encoded, err)
	}
	if ref.IsZero() || !(core.Ref{}).IsZero() {
		t.Error("IsZero is wrong")
	}
	for _, bad := range []string{
		"", "01234567", text + "0", strings.Replace(text, "-", "_", 1), strings.Replace(text, "a", "g", 1),
		"{" + text[1:35] + "}", strings.ReplaceAll(text, "-", "") + "0000",
	} {
		if err := back.UnmarshalText([]byte(bad)); err == nil || back != ref {
			t.Errorf("UnmarshalText(%q) = %v, and the reference is %v", bad, err, back)
		}
	}
}
