package core

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Refresh exchanges a refresh token and gives its session the next pair, or
// the same pair again where the token was exchanged less than Config.Grace ago.
//
// accessToken is the session's access token, which may have expired; where it
// is empty, what it would have to show is not asked for: then nothing says that it
// has expired, and any refresh token older than Config.Grace is exchanged. One that
// is younger gets its own pair again. The first check that fails decides the error:
//
//  1. the refresh token is genuine and its session live, else
//     ErrInvalidRefreshToken (ErrMissingRefreshToken where it is empty);
//  2. it is not a stale copy, else ErrCompromised, and the user's sessions have
//     ended, even if ctx was cancelled meanwhile;
//  3. the access token is genuine and of the same session, else
//     ErrInvalidAccessToken;
//  4. the access token has expired or will within Config.RefreshBefore, else
//     ErrAccessTokenNotExpired;
//  5. Config.RefreshClaims gives claims, else ErrClaims.
//
// None but ErrCompromised ends anything. ErrInvalidAccessToken for an access token of a
// user who shares the shard of the session's may have made an exchange, as if its answer
// had been lost. ErrStoreUnavailable means that the store could not answer: call again
// with the same tokens, within Config.Grace. ErrClaims also says that the access token
// could not be signed, and then nothing has changed either. The store is asked once, and
// not at all for a refresh token that is not genuine. It is asked once more where nothing
// but the record says what is to be signed, which is without an access token and with
// Config.RefreshClaims, and for a compromise.
func (s *Schema) Refresh(ctx context.Context, refreshToken, accessToken string) (Tokens, error) {
	return s.refresh(ctx, refreshToken, accessToken, nil)
}

// attempt is one refresh under way.
type attempt struct {
	token refreshToken
	keys  refreshKeys
	// arrived is when it began: what the grace window is judged by, and how long
	// ago a session ended. now moves on while claims are computed.
	arrived, now time.Time
	// access is what the access token says, zero where there is none.
	access Claims
	// userID and device are what the record says, once it was read.
	userID, device string
	// refused is why the access token forbids the refresh. It counts only
	// once the record has shown that the refresh token is not compromised.
	refused error
}

// read takes note of the record.
func (a *attempt) read(r Record) { a.userID, a.device = r.UserID, r.Device }

// event is what is known of the session so far: nothing where its token is not genuine.
func (a *attempt) event() Event {
	if a.token == (refreshToken{}) {
		return Event{}
	}
	e := Event{UserID: a.userID, SessionID: a.token.recordID(), Ref: a.token.ref, Device: a.device}
	if e.UserID == "" {
		e.UserID = a.access.UserID
	}
	return e
}

// refresh is Refresh. refused, where it is not nil, is what stands against the
// access token already.
func (s *Schema) refresh(ctx context.Context, refreshText, accessText string, refused error) (Tokens, error) {
	now := s.now()
	a := &attempt{arrived: now, now: now, refused: refused}
	var err error
	if a.token, a.keys, err = s.genuine(refreshText, a.now); err != nil {
		return Tokens{}, s.reject(ctx, err, a.event())
	}
	a.judgeAccess(s, accessText)

	// Where the exchange can be the answer it is the only question. It is not
	// where the access token stands against it, where nothing but the record says
	// what to sign, or where the mapping is so young that it is not to move. Nor is it
	// where signing fails: what comes first in the order of checks is asked first.
	if a.refused == nil && a.access.UserID != "" && s.cfg.RefreshClaims == nil && !s.young(a) {
		next := a.next()
		if pair, err := s.pairForCookies(a.access.UserID, next, a.access.Extra); err == nil {
			return s.exchange(ctx, a, next, pair)
		}
	}
	record, err := s.get(ctx, a.token.recordID())
	if err != nil {
		return Tokens{}, s.storeFailed(ctx, a, "get the session", err)
	}
	return s.decide(ctx, a, record)
}

// genuine returns what a refresh token says if it is one of ours and not overdue. Of
// one that is overdue it returns that together with the error.
func (s *Schema) genuine(text string, now time.Time) (refreshToken, refreshKeys, error) {
	if text == "" {
		return refreshToken{}, refreshKeys{}, ErrMissingRefreshToken
	}
	t, keys, ok := s.keys.open(text)
	if !ok {
		return refreshToken{}, refreshKeys{}, &refusal{err: fmt.Errorf("%w: not genuine", ErrInvalidRefreshToken), final: true}
	}
	if !now.Before(t.deadline) {
		return t, keys, s.expired(t.recordID(), t.deadline, now)
	}
	return t, keys, nil
}

// get returns the record of that id. A store that gives another one is broken.
func (s *Schema) get(ctx context.Context, id string) (Record, error) {
	r, err := s.store.Get(ctx, id)
	if err == nil && r.ID != id {
		return Record{}, errWrongRecord
	}
	return r, err
}

var errWrongRecord = errors.New("the store gave another record than it was asked for")

// judgeAccess makes the checks of the access token.
func (a *attempt) judgeAccess(s *Schema, text string) {
	if text == "" || a.refused != nil {
		return
	}
	claims, err := s.verifier.genuine(text)
	switch {
	case err != nil:
		a.refused = err
	case claims.SessionID != a.token.recordID():
		a.refused = fmt.Errorf("%w: of another session", ErrInvalidAccessToken)
	case UserShard(claims.UserID) != IDShard(claims.SessionID):
		a.refused = errAnotherUser
	default:
		a.access = claims
		from := claims.ExpiresAt
		if from.Before(a.token.deadline) {
			from = from.Add(-s.cfg.RefreshBefore)
		} // else it is the session's last, and no refresh gives a longer one
		if a.now.Before(from) {
			a.refused = ErrAccessTokenNotExpired
		}
	}
}

var errAnotherUser = fmt.Errorf("%w: of another user", ErrInvalidAccessToken)

// isOf reports whether the access token, where there is one, names that user.
func (a *attempt) isOf(userID string) bool {
	return a.access.UserID == "" || a.access.UserID == userID
}

// young reports whether the presented token was mapped less than Grace ago.
func (s *Schema) young(a *attempt) bool { return s.withinGrace(a.token.issued, a.now) }

// withinGrace reports whether an exchange is less than Grace ago. One of the
// future, by the clock of another server, is too.
func (s *Schema) withinGrace(exchanged, now time.Time) bool {
	return s.cfg.Grace > 0 && now.Sub(exchanged) < s.cfg.Grace
}

// standing is how a genuine token stands to its record.
type standing int

const (
	dead    standing = iota // the record is revoked or expired
	stale                   // a copy of what has been exchanged since
	retried                 // exchanged just now: the answer may have been lost
	current                 // what the record is mapped to
	ahead                   // the record has forgotten exchanges
)

func (s *Schema) stand(a *attempt, r Record) standing {
	t := a.token
	switch {
	case !r.Live(a.now):
		return dead
	case t.generation > r.Generation:
		return ahead
	case t.generation == r.Generation && t.ref == r.AccessRef:
		return current
	case t.generation+1 == r.Generation && t.ref == r.PreviousRef && s.withinGrace(r.ExchangedAt, a.arrived):
		return retried
	default:
		return stale
	}
}

// decide answers a refresh from the record as it stands.
func (s *Schema) decide(ctx context.Context, a *attempt, r Record) (Tokens, error) {
	standing, err := s.judge(ctx, a, r)
	if err != nil {
		return Tokens{}, err
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
	switch {
	case standing == retried:
		return s.issue(ctx, s.cfg.Hooks.Retry, a, r, mapping(a.token, r), extra)
	case s.young(a):
		return s.issue(ctx, s.cfg.Hooks.Retry, a, r, a.token, extra)
	default:
		// Computing the claims may have taken its time: the window begins now.
		a.now = later(a.now, s.now())
		if !a.now.Before(a.token.deadline) {
			return Tokens{}, s.reject(ctx, s.expired(a.token.recordID(), a.token.deadline, a.arrived), a.event())
		}
		next := a.next()
		pair, err := s.pairForCookies(r.UserID, next, extra)
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
	case dead:
		return dead, s.reject(ctx, s.over(r, a.arrived), a.event())
	case stale:
		return stale, s.compromised(ctx, a, r)
	default:
		return standing, nil
	}
}

// over is the error for the token of a session that is not live any more.
func (s *Schema) over(r Record, now time.Time) error {
	if r.RevokedAt.IsZero() {
		return s.expired(r.ID, r.ExpiresAt, now)
	}
	return s.ended(r.ID, "the session was revoked", r.RevokedAt, now)
}

func (s *Schema) expired(id string, at, now time.Time) error {
	return s.ended(id, "the session has expired", at, now)
}

// ended refuses the token of the session of that id, which is over since that moment. If
// that is just now, the answer may be overtaking the cookies of a new login.
func (s *Schema) ended(id, how string, at, now time.Time) error {
	return &refusal{err: fmt.Errorf("%w: %s", ErrInvalidRefreshToken, how), final: !s.withinGrace(at, now), session: id}
}

// next returns the token that the exchange gives.
func (a *attempt) next() refreshToken {
	return refreshToken{
		id:         a.token.id,
		generation: a.token.generation + 1,
		ref:        a.keys.nextRef(a.token),
		issued:     a.now,
		deadline:   a.token.deadline,
	}
}

// exchange moves the mapping to next, whose pair is made already, so that claims
// that no token can carry, or a signer that fails, change nothing.
func (s *Schema) exchange(ctx context.Context, a *attempt, next refreshToken, pair Tokens) (Tokens, error) {
	r, err := s.store.Exchange(ctx, Exchange{
		ID:         a.token.recordID(),
		Generation: a.token.generation,
		From:       a.token.ref,
		To:         next.ref,
		At:         a.now,
		ExpiresAt:  s.expiry(a.now, a.token.deadline),
	})
	if (err == nil || errors.Is(err, ErrConflict)) && r.ID != a.token.recordID() {
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
		return s.issue(ctx, s.cfg.Hooks.Retry, a, r, mapping(a.token, r), extra)
	default:
		// The store refused what its own record allows.
		return Tokens{}, s.storeFailed(ctx, a, "exchange", fmt.Errorf("the record allows it: %w", err))
	}
}

// mapping returns the token of what the record is mapped to.
func mapping(t refreshToken, r Record) refreshToken {
	t.generation, t.ref, t.issued = r.Generation, r.AccessRef, r.ExchangedAt
	return t
}

// issue makes the pair of the mapping t and tells the hook.
func (s *Schema) issue(ctx context.Context, hook func(context.Context, Event), a *attempt, r Record, t refreshToken, extra string) (Tokens, error) {
	pair, err := s.pairForCookies(r.UserID, t, extra)
	if err != nil {
		return Tokens{}, s.claimsFailed(ctx, a, err)
	}
	s.tell(ctx, hook, a, r, t)
	return pair, nil
}

func (s *Schema) tell(ctx context.Context, hook func(context.Context, Event), a *attempt, r Record, t refreshToken) {
	call(ctx, hook, Event{At: a.now, UserID: r.UserID, SessionID: r.ID, Ref: t.ref, Device: r.Device})
}

// storeFailed is the error of a store that did not give the record.
func (s *Schema) storeFailed(ctx context.Context, a *attempt, doing string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return s.reject(ctx, s.gone(a), a.event())
	}
	return s.reject(ctx, s.unavailable(ctx, doing, err), a.event())
}

// gone is the error for a session that the store does not have. It may have expired just
// now, as far as the token tells, and the store have dropped it.
func (s *Schema) gone(a *attempt) error {
	expired := s.expiry(a.token.issued, a.token.deadline)
	final := a.arrived.Before(expired) || !s.withinGrace(expired, a.arrived)
	return &refusal{err: fmt.Errorf("%w: there is no such session", ErrInvalidRefreshToken), final: final, session: a.token.recordID()}
}
