package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tokenauth/tokenauth/core"
)

// outside returns what in the call is outside the contract's input, empty if
// nothing is.
func outside(c call) string {
	var wrong []string
	want := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, what)
		}
	}
	moment := func(at time.Time) bool {
		return at.Location() == time.UTC && at.Equal(at.Truncate(time.Millisecond)) && !at.Before(firstMoment) && !at.After(lastMoment)
	}
	user := func(user string) bool {
		return len(user) >= 1 && len(user) <= core.MaxUserIDBytes && utf8.ValidString(user)
	}
	switch c.method {
	case create:
		t := c.record
		want(len(t.ID) == 40 && strings.Trim(t.ID, "abcdefghijklmnopqrstuvwxyz234567") == "", "ID")
		want(core.IDShard(t.ID) == core.UserShard(t.UserID), "shard")
		want(user(t.UserID), "user ID")
		want(t.Generation >= 0 && t.Generation < 1<<53, "generation")
		want(!t.AccessRef.IsZero(), "reference")
		want(len(t.Device) <= core.MaxDeviceBytes && utf8.ValidString(t.Device) && !strings.Contains(t.Device, "\x00"), "device")
		want(len(t.Data) <= core.MaxDataBytes, "data")
		want(moment(t.IssuedAt) && moment(t.ExchangedAt) && moment(t.ExpiresAt), "times")
		want(t.ExpiresAt.After(t.IssuedAt) && t.RevokedAt.IsZero(), "record that is dead at its login")
		if err := t.Validate(); err != nil {
			wrong = append(wrong, err.Error())
		}
	case exchange:
		x := c.exchange
		want(x.Generation >= 0 && x.Generation < 1<<53-1, "generation")
		want(!x.From.IsZero() && !x.To.IsZero(), "reference")
		want(moment(x.At) && moment(x.ExpiresAt) && x.ExpiresAt.After(x.At), "times")
	case get:
		want(core.ValidID(c.id), "ID")
	case revoke:
		v := c.revocation
		want(v.ID == "" || core.ValidID(v.ID), "ID")
		want(v.Except == "" || core.ValidID(v.Except), "Except")
		want(v.UserID == "" && v.ID != "" || user(v.UserID), "user ID")
		want(moment(v.At) && (v.IssuedUntil.IsZero() || moment(v.IssuedUntil)), "times")
	case listUser, deleteExpired:
		want(moment(c.at), "time")
		want(c.method != deleteExpired || c.max >= 1, "max")
		want(c.method == deleteExpired || user(c.userID), "user ID")
	}
	return strings.Join(wrong, ", ")
}

func TestTheSuiteSendsOnlyWhatTheContractAllows(t *testing.T) {
	h := modelHarness()
	h.Disconnect = nil
	open := h.Open
	h.Open = func(t *testing.T) core.RefreshStore {
		inner := open(t)
		return storeFunc(func(ctx context.Context, c call) result {
			if wrong := outside(c); wrong != "" {
				t.Errorf("%s in %v", wrong, c)
			}
			return c.on(ctx, inner)
		})
	}
	Run(t, h)
}

func TestStrangersAreDifferentUsersOfValidIDs(t *testing.T) {
	for _, group := range strangers {
		seen := map[string]bool{}
		for _, user := range group.users {
			if wrong := outside(call{method: listUser, userID: user, at: base}); wrong != "" {
				t.Errorf("%s: %q: %s", group.id, user, wrong)
			}
			if seen[user] {
				t.Errorf("%s: %q twice", group.id, user)
			}
			seen[user] = true
		}
	}
}

func TestUsersOfTheSameShard(t *testing.T) {
	if a, b := core.UserShard(sameShard[0]), core.UserShard(sameShard[1]); a != b {
		t.Errorf("shards %s and %s", a, b)
	}
}

func TestRandomSequencesAndHistoriesReachEveryAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("go test -short draws too few sequences to count answers")
	}
	seen := map[string]int{}
	h := storeOf(func(m *model) storeFunc {
		return m.with(func(s state, c call) result {
			r := s.apply(c)
			seen[fmt.Sprint(c.method, ": ", formatErr(r.err))]++
			return r
		})
	})
	for _, id := range []string{"Sequence/Model", "History/Linearizable", "History/Deletion"} {
		clear(seen)
		if err := named(t, id).run(t, h); err != nil {
			t.Fatal(err)
		}
		for _, answer := range []string{
			"Create: nil", "Create: ErrExists", "Get: nil", "Get: ErrNotFound", "Exchange: nil", "Exchange: ErrConflict",
			"Exchange: ErrNotFound", "Revoke: nil", "ListUser: nil",
		} {
			if seen[answer] < 20 {
				t.Errorf("%s: %s %d times", id, answer, seen[answer])
			}
		}
		t.Log(id, seen)
	}
}
