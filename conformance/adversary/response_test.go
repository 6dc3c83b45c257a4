package adversary_test

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// readResponse takes the response apart.
func (r *request) readResponse() {
	res := r.recorder.Result()
	defer res.Body.Close()
	r.status = res.StatusCode
	var body struct {
		Error   string `json:"error"`
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if res.Header.Get("Content-Type") == "application/json" {
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			violated(asDocumented, "%v: the body: %v", r, err)
		}
	}
	r.code = body.Error
	for _, c := range res.Cookies() {
		r.readCookie(c)
		r.ages = append(r.ages, c.MaxAge)
	}
	if body.Refresh != "" {
		r.got = pair{access: body.Access, refresh: body.Refresh}
		r.lines = []line{{access: true, refresh: true, pair: r.got}}
	}
	if r.from.thief && r.got.refresh != "" {
		r.lines = []line{{access: true, refresh: true, pair: r.got}}
	}
	r.all = r.lines
	if r.got.refresh == "" && len(r.lines) > 0 {
		r.deletes = true
	}
}

func (r *request) readCookie(c *http.Cookie) {
	switch l := (line{}); c.Name {
	case "access_token":
		r.got.access = c.Value
		l.access, l.pair.access = true, c.Value
		r.lines = append(r.lines, l)
	case "refresh_token":
		r.got.refresh = c.Value
		l.refresh, l.pair.refresh = true, c.Value
		r.lines = append(r.lines, l)
	case sessionName:
		r.got.session = c.Value
		l.session, l.pair.session = true, c.Value
		r.lines = append(r.lines, l)
	}
}

// issues reports whether the response to a refresh brings a pair.
func (r *request) issues() bool {
	return r.refreshes() && (r.status == http.StatusNoContent || r.status == http.StatusOK)
}

// early reports whether the access token is refused: that is what a grant calls an access
// token that has not expired.
func (r *request) early() bool {
	return r.code == "access_token_not_expired" || r.code == "invalid_request"
}

// refused reports whether the response is a definite refusal.
func (r *request) refused() bool {
	return r.status == http.StatusUnauthorized || r.code == "invalid_grant"
}

func (r *request) String() string {
	what := ""
	if r.kind == login {
		what = " of " + r.user
	}
	return fmt.Sprintf("#%d %s's %s%s (%s)", r.id, r.from.name, r.kind, what, r.pair)
}

func (p pair) String() string {
	text := p.access
	if text == "" {
		text = "no access token"
	}
	switch m := read(p.refresh); {
	case p.refresh == "":
		return text + ", no refresh token"
	case m.session == "":
		return text + ", forged"
	default:
		return fmt.Sprintf("%s, %v", text, m)
	}
}

func (l line) String() string {
	switch {
	case l.access && l.refresh:
		return l.pair.String()
	case l.session && len(l.pair.session) > 12:
		return "the session " + l.pair.session[8:12]
	case l.session:
		return "the session " + l.pair.session
	case l.pair == (pair{}) && l.access:
		return "the deletion of the access token"
	case l.pair == (pair{}):
		return "the deletion of the refresh token"
	case l.access:
		return l.pair.access
	default:
		return l.pair.String()
	}
}
