package conformance_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"github.com/tokenauth/tokenauth/core"
)

// epoch is when the tests about Redis begin. It is no present moment: the caller's
// clock rules.
var epoch = time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// session returns the record of a login at that moment that lives so long.
func session(userID string, at time.Time, life time.Duration) core.Record {
	return core.Record{
		ID: core.NewRecordID(userID), UserID: userID, AccessRef: core.Ref{1}, Device: "Firefox on Linux",
		IssuedAt: at, ExchangedAt: at, ExpiresAt: at.Add(life),
	}
}

// refresh returns an exchange from where the record stands.
func refresh(t core.Record, at time.Time) core.Exchange {
	return core.Exchange{ID: t.ID, Generation: t.Generation, From: t.AccessRef, To: core.Ref{2}, At: at, ExpiresAt: t.ExpiresAt}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustFail fails the test unless the error is the store's failure.
func mustFail(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrExists) || errors.Is(err, core.ErrConflict) {
		t.Errorf("%s: %v, want an error that is none of core's", what, err)
	}
}

// everyMethod calls all methods that reach for records, on those of one user,
// and returns their errors by name.
func everyMethod(t testing.TB, s core.RefreshStore, known core.Record) map[string]error {
	t.Helper()
	ctx, at := t.Context(), known.IssuedAt.Add(time.Hour)
	errs := map[string]error{"Create": s.Create(ctx, session(known.UserID, at, day), 1)}
	_, errs["Get"] = s.Get(ctx, known.ID)
	_, errs["Exchange"] = s.Exchange(ctx, refresh(known, at))
	errs["Revoke"] = s.Revoke(ctx, known.ID, at)
	_, errs["RevokeUser"] = s.RevokeUser(ctx, known.UserID, at)
	_, errs["ListUser"] = s.ListUser(ctx, known.UserID, at)
	return errs
}

// What a client of Redis says while servers go and come is expected here.
func init() { logging.Disable() }
