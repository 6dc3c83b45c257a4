package core_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

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
		"", "01234567", text + "0", text[:8] + "_" + text[9:], text[:13] + "_" + text[14:], text[:18] + "_" + text[19:], text[:23] + "_" + text[24:], strings.Replace(text, "a", "g", 1),
		"{" + text[1:35] + "}", strings.ReplaceAll(text, "-", "") + "0000",
	} {
		if err := back.UnmarshalText([]byte(bad)); err == nil || back != ref {
			t.Errorf("UnmarshalText(%q) = %v, and the reference is %v", bad, err, back)
		}
	}
}
