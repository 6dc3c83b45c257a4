package browser_test

import (
	"slices"
	"strings"
	"testing"
)

// profile is a user's browser: tabs that share a jar of cookies, empty at first.
type profile struct {
	*chromium
	t  *testing.T
	id string // of the browser context, empty for the one that Chromium started with
}

// newProfile makes a profile in the Chromium of all tests. It is gone when the test ends.
func newProfile(t *testing.T) *profile {
	t.Helper()
	p := &profile{chromium: sharedChromium(t), t: t}
	var made struct {
		ID string `json:"browserContextId"`
	}
	p.must(p.call("", "Target.createBrowserContext", nil, &made))
	p.id = made.ID
	t.Cleanup(func() {
		_ = p.call("", "Target.disposeBrowserContext", p.params(), nil)
	})
	return p
}

func (p *profile) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// params returns the parameters of a call that is about the profile.
func (p *profile) params() map[string]any {
	if p.id == "" {
		return map[string]any{}
	}
	return map[string]any{"browserContextId": p.id}
}

// cookie is one in the jar.
type cookie struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Expires is in seconds since 1970. It is negative where the cookie ends with the browser.
	Expires float64 `json:"expires"`
}

// stored returns all cookies in the jar.
func (p *profile) stored() []cookie {
	p.t.Helper()
	var jar struct {
		Cookies []cookie `json:"cookies"`
	}
	p.must(p.call("", "Storage.getCookies", p.params(), &jar))
	return jar.Cookies
}

// cookies returns the names of all cookies in the jar, in order.
func (p *profile) cookies() string {
	p.t.Helper()
	var names []string
	for _, c := range p.stored() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// hasCookies fails the test unless the jar holds cookies of these names and no others.
func (p *profile) hasCookies(want string) {
	p.t.Helper()
	if got := p.cookies(); got != want {
		p.t.Fatalf("the jar holds %q, want %q", got, want)
	}
}
