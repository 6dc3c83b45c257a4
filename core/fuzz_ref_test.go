package core_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

var uuidText = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// FuzzRef reads any text as a reference: only the text of a UUID is one, and it comes
// back in lower case.
func FuzzRef(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		before := core.Ref{1, 15: 2}
		ref := before
		err := ref.UnmarshalText([]byte(text))
		switch {
		case (err == nil) != uuidText.MatchString(text):
			t.Errorf("%q is read as %v, %v", text, ref, err)
		case err != nil && ref != before:
			t.Errorf("%q has changed the reference to %v", text, ref)
		case err != nil && len(text) > 40 && strings.Contains(err.Error(), text):
			t.Errorf("the error tells the text: %v", err)
		case err == nil && ref.String() != strings.ToLower(text):
			t.Errorf("%q comes back as %q", text, ref)
		}
	})
}
