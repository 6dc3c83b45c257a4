package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

// Refresh exchanges a refresh token and returns the next pair of its session.
//
// A refresh token that is one exchange behind is a retry, at any time until the next
// exchange (see Config.Grace): it gets the pair that its session has now, of the same
// reference. The pair has the same times too. But if the access token could soon be
// refreshed, the pair gets new times. So a lost response costs nothing: call again with the same tokens.
//
// accessToken is the session's access token, which may have expired. It may be empty
// if the client does not keep it. Then a refresh token that is only a few seconds old gets
// its own pair again, and an older one is exchanged. The first check that fails decides
// the error:
//
//  1. The refresh token is genuine and its session live, else
//     ErrInvalidRefreshToken (ErrMissingRefreshToken if it is empty).
//  2. It is not a stale copy, else ErrCompromised, and sessions of the user have
//     ended (see Config.CompromiseEnds), even if ctx was cancelled meanwhile.
//  3. The access token is genuine and of the same session, else
//     ErrInvalidAccessToken.
//  4. The access token has expired or will within Config.RefreshBefore, or the
//     refresh is a retry, else ErrAccessTokenNotExpired.
//  5. Config.RefreshClaims does not deny the refresh, else ErrDenied, and the session has
//     ended.
//  6. Config.RefreshClaims returns claims and the access token can be signed, else
//     ErrClaims, or ErrInvalidClaims if no repetition can succeed.
//
// Only ErrCompromised and ErrDenied end a session. After ErrStoreUnavailable, ErrClaims and
// ErrAccessTokenNotExpired the same call can succeed later. ErrInvalidAccessToken for an
// access token of another user may have made an exchange, as if its response had
// been lost.
func (s *Schema) Refresh(ctx context.Context, refreshToken, accessToken string) (Tokens, error) {
	return s.refresh(ctx, refreshToken, accessToken, refreshOptions{carries: checkLength})
}

// refreshOptions is what the HTTP layer adds to a refresh.
type refreshOptions struct {
	// refused is why the access token forbids the refresh, if that is known already.
	refused error
	// carries returns an error if the client cannot be given that access token.
	carries func(accessToken string) error
}

// attempt is one refresh under way.
type attempt struct {
	refreshOptions
	token sealed.Token
	key   sealed.Key
	// arrived is when it began. A retry is judged by it, and so is how long
	// ago a session ended. now moves on while claims are computed.
	arrived, now time.Time
	// access is what the access token says, zero if there is none.
	access Claims
	// userID and device are what the record says, once it was read.
	userID, device string
}

func (a *attempt) recordID() string { return recordID(a.token) }

// read takes note of the record.
func (a *attempt) read(r Record) { a.userID, a.device = r.UserID, r.Device }

// event is what is known of the session so far: nothing if its token is not genuine.
func (a *attempt) event() Event {
	if a.token == (sealed.Token{}) {
		return Event{}
	}
	e := Event{UserID: a.userID, SessionID: a.recordID(), Ref: a.token.Ref, Device: a.device}
	if e.UserID == "" {
		e.UserID = a.access.UserID
	}
	return e
}

// attempt begins one with the refresh token. On error it returns what is known of the
// token.
func (s *Schema) attempt(text string, o refreshOptions) (*attempt, error) {
	now := s.now()
	a := &attempt{refreshOptions: o, arrived: now, now: now}
	if text == "" {
		return a, ErrMissingRefreshToken
	}
	token, key, genuine := s.keys.Open(text)
	if !genuine {
		return a, fmt.Errorf("%w: not genuine", ErrInvalidRefreshToken)
	}
	if token.Binding != (sealed.Binding{}) {
		return a, fmt.Errorf("%w: bound to a key, which this version cannot ask for", ErrInvalidRefreshToken)
	}
	a.token, a.key = token, key
	if !now.Before(token.Deadline) {
		return a, a.expired(token.Deadline)
	}
	return a, nil
}

func (s *Schema) refresh(ctx context.Context, refreshText, accessText string, o refreshOptions) (Tokens, error) {
	a, err := s.attempt(refreshText, o)
	if err != nil {
		return Tokens{}, s.reject(ctx, err, a.event())
	}
	s.judgeAccess(a, accessText)

	// The exchange is the only question to the store if it can be the answer. It cannot
	// be if the access token forbids it, if nothing but the record says what to sign, or
	// if the mapping is too young to move. Nor if signing fails: an earlier check
	// may fail too, and it decides.
	if a.refused == nil && a.access.UserID != "" && s.cfg.RefreshClaims == nil && !s.isYoung(a) {
		next := a.next()
		if pair, err := s.pairFor(a, a.access.UserID, next, a.access.Extra); err == nil {
			return s.exchange(ctx, a, next, pair)
		}
	}
	record, err := s.get(ctx, a.recordID())
	if err != nil {
		return Tokens{}, s.storeFailed(ctx, a, "get the session", err)
	}
	return s.decide(ctx, a, record)
}

// get returns the record of that ID. A store that returns another one is broken.
func (s *Schema) get(ctx context.Context, id string) (Record, error) {
	r, err := s.store.Get(ctx, id)
	if err == nil && r.ID != id {
		return Record{}, errWrongRecord
	}
	return r, err
}

var errWrongRecord = errors.New("the store returned another record than it was asked for")

// judgeAccess makes the checks of the access token.
func (s *Schema) judgeAccess(a *attempt, text string) {
	if text == "" || a.refused != nil {
		return
	}
	claims, err := s.verifier.genuine(text)
	switch {
	case err != nil:
		a.refused = err
	case claims.SessionID != a.recordID():
		a.refused = fmt.Errorf("%w: of another session", ErrInvalidAccessToken)
	case UserShard(claims.UserID) != IDShard(claims.SessionID):
		a.refused = errAnotherUser
	default:
		a.access = claims
		from := claims.ExpiresAt
		if from.Before(a.token.Deadline) {
			from = from.Add(-s.cfg.RefreshBefore)
		} // else it is the session's last, and no refresh gives a longer one
		if a.now.Before(from) {
			a.refused = ErrAccessTokenNotExpired
		}
	}
}

var errAnotherUser = fmt.Errorf("%w: of another user", ErrInvalidAccessToken)

// isOf reports whether the access token, if there is one, names that user.
func (a *attempt) isOf(userID string) bool {
	return a.access.UserID == "" || a.access.UserID == userID
}

// standing is how a genuine token stands to its record.
type standing int

const (
	notLive standing = iota // the record is revoked or expired
	stale                   // a copy of what has been exchanged since
	retried                 // one exchange behind: the response may have been lost
	current                 // what the record is mapped to
	ahead                   // the record was rolled back
)

func (s *Schema) stand(a *attempt, r Record) standing {
	t := a.token
	switch {
	case !r.Live(a.now):
		return notLive
	case t.Generation > r.Generation:
		return ahead
	case t.Generation == r.Generation && t.Ref == r.AccessRef:
		return current
	case t.Generation+1 == r.Generation && t.Ref == r.PreviousRef && s.mayRetry(r, a.arrived):
		return retried
	default:
		return stale
	}
}

// mayRetry reports whether the token before the record's present one is still a retry.
func (s *Schema) mayRetry(r Record, arrived time.Time) bool {
	grace := s.cfg.Grace
	return grace == 0 || grace > 0 && arrived.Sub(r.ExchangedAt) < grace
}

// isYoung reports whether the presented token was mapped so short a time ago that it
// gets its own pair again. Two exchanges then never follow each other faster than late
// requests arrive.
func (s *Schema) isYoung(a *attempt) bool {
	return a.now.Sub(a.token.Issued) < s.cfg.young()
}

// young is how long a mapping is young.
func (c *Config) young() time.Duration {
	young := min(c.AccessTokenDuration-c.RefreshBefore-time.Second, lateResponse)
	if c.Grace != 0 {
		young = min(young, c.Grace)
	}
	return young
}

// decide answers a refresh from the record as it stands.
func (s *Schema) decide(ctx context.Context, a *attempt, r Record) (Tokens, error) {
	standing, err := s.judge(ctx, a, r)
	if err != nil {
		return Tokens{}, err
	}
	if standing == retried && errors.Is(a.refused, ErrAccessTokenNotExpired) {
		// The clock of another server has allowed the exchange already.
		a.refused = nil
	}
	if a.refused == nil && !a.isOf(r.UserID) {
		a.refused = errAnotherUser
	}
	if a.refused != nil {
		return Tokens{}, s.reject(ctx, a.refused, a.event())
	}
	extra, err := s.appClaims(ctx, a, r)
	if err != nil {
		return Tokens{}, err
	}
	// Computing the claims may have taken its time.
	a.now = later(a.now, s.now())
	switch {
	case !a.now.Before(a.token.Deadline):
		return Tokens{}, s.reject(ctx, a.expired(a.token.Deadline), a.event())
	case standing == retried:
		return s.issue(ctx, s.cfg.Hooks.Retry, a, r, s.again(a, r), extra)
	case s.isYoung(a):
		return s.issue(ctx, s.cfg.Hooks.Retry, a, r, a.token, extra)
	default:
		next := a.next()
		pair, err := s.pairFor(a, r.UserID, next, extra)
		if err != nil {
			return Tokens{}, s.claimsFailed(ctx, a, err)
		}
		return s.exchange(ctx, a, next, pair)
	}
}

// judge makes the checks that need the record: it is live, and the refresh token
// is not a stale copy.
func (s *Schema) judge(ctx context.Context, a *attempt, r Record) (standing, error) {
	a.read(r)
	standing := s.stand(a, r)
	switch standing {
	case notLive:
		return notLive, s.reject(ctx, a.over(r), a.event())
	case stale:
		return stale, s.compromised(ctx, a, r)
	default:
		return standing, nil
	}
}

// lateResponse is how late a response may arrive after others. A session that ended
// less than that ago is no reason to delete cookies: they may be those of a new login.
const lateResponse = 10 * time.Second

// over is the error for the token of a session that is not live.
func (a *attempt) over(r Record) error {
	if r.RevokedAt.IsZero() {
		return a.expired(r.ExpiresAt)
	}
	return a.ended("the session was revoked", r.RevokedAt)
}

func (a *attempt) expired(at time.Time) error { return a.ended("the session has expired", at) }

// ended refuses the token of a session that ended at that moment.
func (a *attempt) ended(how string, at time.Time) error {
	return &refusal{
		err:     fmt.Errorf("%w: %s", ErrInvalidRefreshToken, how),
		final:   a.arrived.Sub(at) >= lateResponse,
		session: a.recordID(),
	}
}

// gone is the error for a session that the store does not have. As far as the token
// tells, it may have expired just now.
func (s *Schema) gone(a *attempt) error {
	expired := s.expiry(a.token.Issued, a.token.Deadline)
	late := a.arrived.Sub(expired)
	return &refusal{
		err:     fmt.Errorf("%w: there is no such session", ErrInvalidRefreshToken),
		final:   late < 0 || late >= lateResponse,
		session: a.recordID(),
	}
}

// next returns the token that the exchange gives.
func (a *attempt) next() sealed.Token {
	next := a.token
	next.Generation++
	next.Ref = Ref(a.key.Next(a.token)).asUUIDv4()
	next.Issued = a.now
	return next
}

// exchange moves the mapping to next, whose pair is made already, so that claims
// that no token can carry, or a signer that fails, change nothing.
func (s *Schema) exchange(ctx context.Context, a *attempt, next sealed.Token, pair Tokens) (Tokens, error) {
	r, err := s.store.Exchange(ctx, Exchange{
		ID:         a.recordID(),
		Generation: a.token.Generation,
		From:       a.token.Ref,
		To:         next.Ref,
		At:         a.now,
		ExpiresAt:  s.expiry(a.now, a.token.Deadline),
	})
	if (err == nil || errors.Is(err, ErrConflict)) && r.ID != a.recordID() {
		err = errWrongRecord
	}
	extra := pair.Claims.Extra
	if s.cfg.RefreshClaims == nil {
		extra = string(r.Data) // the access token can be of other times
	}
	if err == nil {
		a.read(r)
	}
	switch {
	case err == nil && !a.isOf(r.UserID):
		// The shard was right and the user is not. Nothing is lost: the right
		// access token gets this pair by a retry.
		return Tokens{}, s.reject(ctx, errAnotherUser, a.event())
	case err == nil && pair.Claims.UserID == r.UserID && pair.Claims.Extra == extra:
		s.tell(ctx, s.cfg.Hooks.Refresh, a, r, next)
		return pair, nil
	case err == nil:
		return s.issue(ctx, s.cfg.Hooks.Refresh, a, r, next, extra)
	case !errors.Is(err, ErrConflict):
		return Tokens{}, s.storeFailed(ctx, a, "exchange", err)
	}
	standing, refused := s.judge(ctx, a, r)
	switch {
	case refused != nil:
		return Tokens{}, refused
	case !a.isOf(r.UserID):
		return Tokens{}, s.reject(ctx, errAnotherUser, a.event())
	case standing == retried:
		return s.issue(ctx, s.cfg.Hooks.Retry, a, r, s.again(a, r), extra)
	default:
		// The store refused what its own record allows.
		return Tokens{}, s.storeFailed(ctx, a, "exchange", fmt.Errorf("the record allows it: %w", err))
	}
}

// again returns the token that a retry gets: that of the record's mapping. A client that
// presents no access token is held back by the age of its refresh token alone. If that
// would let it exchange soon, the age begins again: a retry of another process of that client
// may still be under way, and would be two exchanges behind.
func (s *Schema) again(a *attempt, r Record) sealed.Token {
	t := a.token
	t.Generation, t.Ref, t.Issued = r.Generation, r.AccessRef, r.ExchangedAt
	if young := s.cfg.young(); a.access.UserID == "" && a.now.Sub(t.Issued) >= young-young/2 {
		t.Issued = a.now
	}
	return t
}

// pairFor makes the pair of a mapping if the client of the attempt can be given it.
func (s *Schema) pairFor(a *attempt, userID string, t sealed.Token, extra string) (Tokens, error) {
	pair, err := s.pair(userID, t, extra, a.now)
	if err != nil {
		return Tokens{}, err
	}
	if err := a.carries(pair.AccessToken); err != nil {
		return Tokens{}, fmt.Errorf("%w: %w", ErrInvalidClaims, err)
	}
	return pair, nil
}

// issue makes the pair of the mapping t and tells the hook.
func (s *Schema) issue(ctx context.Context, hook func(context.Context, Event), a *attempt, r Record, t sealed.Token, extra string) (Tokens, error) {
	pair, err := s.pairFor(a, r.UserID, t, extra)
	if err != nil {
		return Tokens{}, s.claimsFailed(ctx, a, err)
	}
	s.tell(ctx, hook, a, r, t)
	return pair, nil
}

func (s *Schema) tell(ctx context.Context, hook func(context.Context, Event), a *attempt, r Record, t sealed.Token) {
	call(ctx, hook, Event{At: a.now, UserID: r.UserID, SessionID: r.ID, Ref: t.Ref, Device: r.Device})
}

// storeFailed is the error of a store that did not give the record.
func (s *Schema) storeFailed(ctx context.Context, a *attempt, doing string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return s.reject(ctx, s.gone(a), a.event())
	}
	return s.reject(ctx, s.unavailable(ctx, doing, err), a.event())
}

// RefreshAccessToken returns a handler that refreshes the tokens in the request's
// cookies (see [Schema.Refresh]), sets the new ones and calls next, which sees the
// new claims by ClaimsFrom. If next is nil it answers 204.
//
// Both cookies are required. Refusals go to Config.ErrorHandler: ErrMethodNotAllowed for
// any other method than POST, ErrCrossOrigin for a request from another origin than the
// server's or Config.TrustedOrigins, and the errors of Refresh. ErrInvalidClaims also means
// that the cookies cannot hold the claims (see Cookies.MaxBytes).
//
// Cookies are deleted only if the refresh token will never be accepted again. They are
// kept for 10 seconds after the end of a session, because a late response may overtake
// the cookies of a new login.
func (s *Schema) RefreshAccessToken(next http.Handler) http.Handler {
	if next == nil {
		next = http.HandlerFunc(noContent)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if err := s.checkPost(r); err != nil {
			s.WriteError(w, r, s.reject(ctx, err, Event{}))
			return
		}
		if a := s.verifier.authorizedIn(ctx); a != nil && a.fresh {
			next.ServeHTTP(w, r) // KeepFresh around it has done the work
			return
		} else if a != nil && a.refused != nil {
			s.WriteError(w, r, a.refused)
			return
		}
		pair, err := s.refreshCookies(r)
		if err != nil {
			s.WriteError(w, r, err)
			return
		}
		s.cfg.Cookies.set(w, pair, s.now())
		next.ServeHTTP(w, r.WithContext(&authorized{Context: ctx, claims: pair.Claims, by: s.verifier}))
	})
}

func (s *Schema) refreshCookies(r *http.Request) (Tokens, error) {
	ctx := r.Context()
	refresh, ok := s.cfg.Cookies.refreshToken(r)
	if !ok {
		return Tokens{}, s.reject(ctx, fmt.Errorf("%w: more than one cookie", ErrInvalidRefreshToken), Event{})
	}
	// The access token is judged after the refresh token.
	o := refreshOptions{carries: s.checkCookies}
	access, ok := s.cfg.Cookies.accessToken(r)
	switch {
	case !ok:
		o.refused = errTwoAccessTokens
	case access == "":
		o.refused = ErrMissingAccessToken
	}
	return s.refresh(ctx, refresh, access, o)
}
