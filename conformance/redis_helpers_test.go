package conformance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
)

// epoch is when the tests about Redis begin. It is far from now: the caller's clock
// rules.
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
func refresh(r core.Record, at time.Time) core.Exchange {
	return core.Exchange{ID: r.ID, Generation: r.Generation, From: r.AccessRef, To: core.Ref{2}, At: at, ExpiresAt: r.ExpiresAt}
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
func everyMethod(t testing.TB, s *redisstore.Store, known core.Record) map[string]error {
	t.Helper()
	ctx, at := t.Context(), known.IssuedAt.Add(time.Hour)
	errs := map[string]error{"Create": create(ctx, s, session(known.UserID, at, day), 1)}
	_, errs["Get"] = s.Get(ctx, known.ID)
	_, errs["Exchange"] = s.Exchange(ctx, refresh(known, at))
	_, errs["Revoke of a record"] = s.Revoke(ctx, core.Revocation{ID: known.ID, At: at})
	_, errs["Revoke of a user"] = s.Revoke(ctx, core.Revocation{UserID: known.UserID, At: at})
	_, errs["ListUser"] = s.ListUser(ctx, known.UserID, at)
	_, errs["Records"] = yielded(ctx, s)
	return errs
}

// create is Create without the evicted records.
func create(ctx context.Context, s core.RefreshStore, r core.Record, limit int) error {
	_, err := s.Create(ctx, r, limit)
	return err
}

// revoke revokes one record.
func revoke(ctx context.Context, s core.RefreshStore, id string, at time.Time) error {
	_, err := s.Revoke(ctx, core.Revocation{ID: id, At: at})
	return err
}

// revokeUser revokes the user's records and returns how many those were.
func revokeUser(ctx context.Context, s core.RefreshStore, userID string, at time.Time) (int, error) {
	revoked, err := s.Revoke(ctx, core.Revocation{UserID: userID, At: at})
	return len(revoked), err
}

// yielded returns the records that the store yields, by ID, and the error.
func yielded(ctx context.Context, s core.RecordIterator) (map[string]core.Record, error) {
	records := map[string]core.Record{}
	for r, err := range s.Records(ctx) {
		if err != nil {
			return records, err
		}
		records[r.ID] = r
	}
	return records, nil
}

// What a client of Redis says while servers go and come is expected here.
func init() { logging.Disable() }
