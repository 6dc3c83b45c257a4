package core

import (
	"net/http"
	"net/url"
	"strings"
)

// returnParameter is the parameter of the login page that says where to go afterwards.
const returnParameter = "return_to"

// LoginRedirect returns a Config.ErrorHandler for sites with pages. It sends a browser that
// opens a page without a valid session to the login page, with status 303 and the page's path in
// the parameter return_to: see [ReturnPath]. After a form that is not a GET, that is
// the page with the form. Requests of scripts, images and other parts of a page, requests for
// the login page itself, and errors that a login cannot cure are answered as by default.
//
// path is the path of the login page, without a query. LoginRedirect panics if it is not a
// path on this server.
func LoginRedirect(path string) func(w http.ResponseWriter, r *http.Request, e *Error) {
	if !isLocalPath(path) || strings.ContainsAny(path, "?#") {
		panic("core: the login page must be a path that begins with a slash, without a query: " + path)
	}
	return func(w http.ResponseWriter, r *http.Request, e *Error) {
		if e.Status != http.StatusUnauthorized || !isNavigation(r) || r.URL.Path == path {
			e.ServeHTTP(w, r)
			return
		}
		to := path
		if page := pageOf(r); page != "" && page != "/" {
			to += "?" + url.Values{returnParameter: {page}}.Encode()
		}
		w.Header().Del("WWW-Authenticate")
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

// ReturnPath returns the path to which a login should lead, for http.Redirect: that of the
// parameter return_to, which LoginRedirect has set. It looks at the query and at a form
// that has been parsed. It returns "/" if there is none, and for anything that is not a path on
// this server, because an attacker can write such a link.
func ReturnPath(r *http.Request) string {
	path := r.URL.Query().Get(returnParameter)
	if path == "" {
		path = r.PostForm.Get(returnParameter)
	}
	if !isLocalPath(path) {
		return "/"
	}
	return path
}

// isNavigation reports whether a browser sent the request to show its response as a page.
func isNavigation(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	// A browser without Fetch Metadata, or a page over plain HTTP.
	return strings.Contains(r.Header.Get("Accept"), "text/html") &&
		r.Header.Get("X-Requested-With") == "" && r.Header.Get("HX-Request") == ""
}

// pageOf returns the path of the page that the browser was to show or, if the request
// would be another one when it is repeated, of the page that it comes from. It returns "" if
// that is not known.
func pageOf(r *http.Request) string {
	page := r.RequestURI // as the browser sent it, whatever a router has cut off
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		from, err := url.Parse(r.Referer())
		if err != nil || from.Host != r.Host {
			return ""
		}
		page = from.RequestURI()
	}
	if !isLocalPath(page) {
		return ""
	}
	return page
}

// maxReturnPath is the length of the longest path that is returned to.
const maxReturnPath = 2048

// isLocalPath reports whether a browser takes the text for a path, with a query or without,
// on the same server. Browsers take a backslash for a slash, ignore tabs and line breaks, and
// take two slashes for the beginning of a host.
func isLocalPath(text string) bool {
	if !strings.HasPrefix(text, "/") || len(text) > maxReturnPath {
		return false
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	if strings.HasPrefix(text, "//") {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil
}
