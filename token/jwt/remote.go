package jwttoken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// The bounds of what a [RemoteVerifier] fetches.
const (
	maxJWKSBytes = 1 << 20
	// minJWKSAge and maxJWKSAge bound what the publisher says of caching. The default is for one
	// that says nothing.
	minJWKSAge     = time.Minute
	maxJWKSAge     = 24 * time.Hour
	defaultJWKSAge = 5 * time.Minute
	// jwksInterval is the least time between two fetches, whatever tokens ask for.
	jwksInterval = 10 * time.Second
	// jwksTimeout bounds one fetch.
	jwksTimeout = 5 * time.Second
)

// RemoteOptions configures [NewRemoteVerifier].
type RemoteOptions struct {
	// URL is the address of the JWK set, such as that of a [Signer.JWKS]. It must begin
	// with https://, and so must all addresses that it redirects to. Required.
	URL string
	// Issuer, Audience and Type are those of [Options].
	Issuer, Audience, Type string
	// MaxStale is for how long the keys that were fetched last go on to verify while the
	// publisher cannot be reached. A key that was taken out because it was stolen
	// verifies for as long. Default: 24 hours.
	MaxStale time.Duration
	// Client sends the requests. Its CheckRedirect is not used. Default: a client of its
	// own with the default transport.
	Client *http.Client
	// Clock tells the time. It is called by many goroutines at once. Default: time.Now.
	Clock func() time.Time
}

// RemoteVerifier verifies access tokens with the keys of a JWK set that it fetches by HTTPS.
// It implements [core.TokenVerifier]. It is for a resource server, which then needs no key in
// its configuration and takes up new keys while it runs. [NewRemoteVerifier] makes one. It is
// safe for concurrent use.
//
// The set is cached as its response says (RFC 9111 §5.2.2.1), from a minute to a day, and for 5
// minutes if the response says nothing. It is fetched again after that, and for a token whose
// kid is not in it, but never more often than every 10 seconds, and one fetch at a time. A
// fetch takes 5 seconds at most, and reads at most a megabyte. If it fails, or brings a set
// that [ParseJWKS] refuses or that has no key, the old keys go on for RemoteOptions.MaxStale.
//
// It starts no goroutine. One of the callers of Verify fetches a set that is too old, while
// the others use the old one. With [RemoteVerifier.Run] no caller waits for that.
type RemoteVerifier struct {
	o       RemoteOptions // defaults filled in
	set     atomic.Pointer[remoteSet]
	running atomic.Int32 // calls of Run

	mu       sync.Mutex
	fetching *jwksFetch // under way; nil if there is none
	tried    time.Time  // when the last one began
	failed   error      // why the last one failed
}

var _ core.TokenVerifier = (*RemoteVerifier)(nil)

// remoteSet is a JWK set that was fetched. It never changes.
type remoteSet struct {
	verifier *Verifier
	tag      string    // its ETag
	fetched  time.Time // when the publisher last said that it is this one
	fresh    time.Time // until when it need not be asked again
}

// jwksFetch is one fetch under way.
type jwksFetch struct {
	done chan struct{}
	err  error
}

// NewRemoteVerifier fetches the JWK set and returns a verifier of tokens that one of its keys
// has signed. The error names the option that is wrong, or says why the set could not be
// fetched. It matches [ErrKey] if the set is not usable. ctx is that of the first fetch.
func NewRemoteVerifier(ctx context.Context, o RemoteOptions) (*RemoteVerifier, error) {
	if u, err := url.Parse(o.URL); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("URL must be an address that begins with https://")
	}
	if o.MaxStale < 0 {
		return nil, fmt.Errorf("MaxStale is %v: it must not be negative", o.MaxStale)
	}
	if o.MaxStale == 0 {
		o.MaxStale = 24 * time.Hour
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = checkJWKSRedirect
	o.Client = &client
	v := &RemoteVerifier{o: o, tried: o.Clock()}
	set, err := v.fetch(ctx, v.tried, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch the JWK set: %w", err)
	}
	v.set.Store(set)
	return v, nil
}

func checkJWKSRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case r.URL.Scheme != "https":
		return errors.New("the JWK set must not be redirected to an address without https://")
	case len(via) > 3:
		return errors.New("the JWK set must not be redirected more than 3 times")
	}
	return nil
}

// Verify returns the claims of a token that one of the keys has signed. See
// [Signer.Verify]. If the keys cannot be known now, the error matches [core.ErrKeysUnavailable]
// and not [ErrToken]: the kid is unknown and the set could not be fetched, or the keys are older
// than RemoteOptions.MaxStale.
func (v *RemoteVerifier) Verify(token string) (core.Claims, error) {
	now := v.o.Clock()
	set := v.set.Load()
	switch {
	case now.Sub(set.fetched) > v.o.MaxStale:
		if err := v.refetch(context.Background(), now, true); err != nil {
			return core.Claims{}, unavailable(err)
		}
		if set = v.set.Load(); now.Sub(set.fetched) > v.o.MaxStale {
			return core.Claims{}, unavailable(errors.New("the keys are too old"))
		}
	case now.After(set.fresh) && v.running.Load() == 0:
		_ = v.refetch(context.Background(), now, false) // the old keys go on
		set = v.set.Load()
	}
	c, err := set.verifier.Verify(token)
	if !errors.Is(err, ErrUnknownKey) {
		return c, err
	}
	if err := v.refetch(context.Background(), now, true); err != nil {
		return core.Claims{}, unavailable(err)
	}
	return v.set.Load().verifier.Verify(token)
}

func unavailable(err error) error {
	return fmt.Errorf("%w: fetch the JWK set: %w", core.ErrKeysUnavailable, err)
}

// Run fetches the set before it is too old, until ctx is done; then it returns ctx.Err(). Run it
// in a goroutine of your own, so that no caller of Verify waits for a fetch of known keys. A
// fetch that fails is tried again soon.
func (v *RemoteVerifier) Run(ctx context.Context) error {
	v.running.Add(1)
	defer v.running.Add(-1)
	for {
		// A little before the end, as nobody should find an old set.
		wait := max(v.set.Load().fresh.Sub(v.o.Clock())-jwksTimeout, jwksInterval)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			_ = v.refetch(ctx, v.o.Clock(), true) // it is tried again
		}
	}
}

// refetch fetches the set, unless that was tried a moment ago: then it returns how that
// ended. If another caller is fetching, it waits for the result or returns at once.
func (v *RemoteVerifier) refetch(ctx context.Context, now time.Time, wait bool) error {
	v.mu.Lock()
	if f := v.fetching; f != nil {
		v.mu.Unlock()
		if !wait {
			return nil
		}
		<-f.done
		return f.err
	}
	if now.Sub(v.tried) < jwksInterval {
		defer v.mu.Unlock()
		return v.failed
	}
	f := &jwksFetch{done: make(chan struct{})}
	v.fetching, v.tried = f, now
	v.mu.Unlock()

	set, err := v.fetch(ctx, now, v.set.Load())
	if err == nil {
		v.set.Store(set)
	}
	v.mu.Lock()
	v.fetching, v.failed = nil, err
	v.mu.Unlock()
	f.err = err
	close(f.done)
	return err
}

// fetch asks the publisher for the set. old is the present one, or nil.
func (v *RemoteVerifier) fetch(ctx context.Context, now time.Time, old *remoteSet) (*remoteSet, error) {
	ctx, cancel := context.WithTimeout(ctx, jwksTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.o.URL, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	if old != nil && old.tag != "" {
		r.Header.Set("If-None-Match", old.tag)
	}
	res, err := v.o.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was read as far as it is of use
	fresh := now.Add(jwksAge(res.Header))
	switch {
	case res.StatusCode == http.StatusNotModified && old != nil:
		return &remoteSet{old.verifier, old.tag, now, fresh}, nil
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the publisher answered with status %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxJWKSBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxJWKSBytes {
		return nil, keyError("the JWK set must be at most %d bytes long", maxJWKSBytes)
	}
	keys, err := ParseJWKS(body)
	if err != nil {
		return nil, err
	}
	verifier, err := NewVerifier(Options{Keys: keys, Issuer: v.o.Issuer, Audience: v.o.Audience, Type: v.o.Type})
	if err != nil {
		return nil, err
	}
	return &remoteSet{verifier, res.Header.Get("ETag"), now, fresh}, nil
}

// jwksAge returns for how long a response may be cached, within bounds.
func jwksAge(h http.Header) time.Duration {
	age := defaultJWKSAge
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return minJWKSAge
		case "max-age":
			if seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32); err == nil {
				age = time.Duration(seconds) * time.Second
			}
		}
	}
	if seconds, err := strconv.ParseInt(h.Get("Age"), 10, 32); err == nil { // of a cache on the way
		age -= time.Duration(seconds) * time.Second
	}
	return min(max(age, minJWKSAge), maxJWKSAge)
}
