package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// fieldsOf returns how many fields the user's hash has for unrevoked records, for
// revoked ones and for lists.
func fieldsOf(t *testing.T, client *redis.Client, user string) (unrevoked, revoked, lists int) {
	t.Helper()
	fields, err := client.HKeys(t.Context(), "tokenauth:{"+core.UserShard(user)+"}").Result()
	noError(t, err)
	for _, field := range fields {
		switch field[0] {
		case '-':
			revoked++
		case '=', '+':
			lists++
		default:
			unrevoked++
		}
	}
	return unrevoked, revoked, lists
}

// A user who logs in again and again at a limit occupies bounded space, and finding
// their live session does not get slower.
func TestRedisLoginsAgainAndAgain(t *testing.T) {
	ctx := t.Context()
	client := redis.NewClient(&redis.Options{Addr: server.Redis(t, "--appendonly", "no").Addr()})
	s := openRedis(t, client, redisstore.Options{})
	const logins = 1000
	key := "tokenauth:{" + core.UserShard("ann") + "}"
	var all []core.Record
	var memory int64
	for i := range logins {
		r := session("ann", epoch.Add(time.Duration(i)*time.Second), 365*day)
		evicted, err := s.Create(ctx, r, 1)
		noError(t, err)
		if i > 0 && (len(evicted) != 1 || evicted[0].ID != all[i-1].ID) {
			t.Fatalf("login %d evicted %v, want the login before", i, evicted)
		}
		all = append(all, r)
		if i == 200 {
			memory = client.MemoryUsage(ctx, key, 0).Val()
		}
	}
	if live, dead, lists := fieldsOf(t, client, "ann"); live != 1 || dead != core.KeptDeadRecords || lists != 2 {
		t.Errorf("the user has %d live records, %d dead ones and %d lists, want 1, %d and 2", live, dead, lists, core.KeptDeadRecords)
	}
	if now := client.MemoryUsage(ctx, key, 0).Val(); now > memory*11/10 {
		t.Errorf("the user takes %d bytes after %d logins, after 200 %d", now, logins, memory)
	}
	for i, r := range all[:logins-1] {
		got, err := s.Get(ctx, r.ID)
		if kept := i >= logins-1-core.KeptDeadRecords; kept && (err != nil || got.RevokedAt.IsZero()) || !kept && !errors.Is(err, core.ErrNotFound) {
			t.Fatalf("Get of login %d: %v, %v", i, got, err)
		}
	}

	noError(t, client.ConfigResetStat(ctx).Err())
	list, err := s.ListUser(ctx, "ann", epoch)
	noError(t, err)
	stats := client.Info(ctx, "commandstats").Val()
	if len(list) != 1 || strings.Contains(stats, "cmdstat_hkeys") || strings.Contains(stats, "cmdstat_hgetall") {
		t.Errorf("ListUser of one session among revoked ones listed %d, and looked at all fields:\n%s", len(list), stats)
	}
}

// Records revoked in any order, by any clock: those that were revoked last are there.
func TestRedisKeepsTheLastRevoked(t *testing.T) {
	ctx := t.Context()
	client := redis.NewClient(&redis.Options{Addr: server.Redis(t, "--appendonly", "no").Addr()})
	for seed := range int64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := openRedis(t, redis.NewClient(client.Options()), redisstore.Options{Prefix: fmt.Sprint("seed ", seed, ":")})
			random := rand.New(rand.NewSource(seed))
			m := kept{}
			moment := func() time.Time { return epoch.Add(time.Duration(random.Intn(400)) * time.Millisecond) }
			for step := range 700 {
				var got, want []core.Record
				var err error
				switch v := (core.Revocation{UserID: "ann", At: moment()}); random.Intn(10) {
				case 0:
					if ids := slices.Sorted(maps.Keys(m)); len(ids) > 0 {
						v.ID = ids[random.Intn(len(ids))]
					}
					got, err = s.Revoke(ctx, v)
					want = m.revoke(v)
				case 1:
					if random.Intn(5) > 0 {
						v.IssuedUntil = epoch.Add(time.Duration(random.Intn(100)) * time.Millisecond)
					}
					if list := m.unrevoked(); len(list) > 0 {
						v.Except = list[random.Intn(len(list))].ID
					}
					got, err = s.Revoke(ctx, v)
					want = m.revoke(v)
				default:
					r := session("ann", moment(), day)
					r.Data = []byte{}
					limit := []int{0, 0, 0, 0, 0, 0, 150, 60, 5}[random.Intn(9)]
					got, err = s.Create(ctx, r, limit)
					want = m.create(r, limit)
				}
				noError(t, err)
				if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
					t.Fatalf("step %d revoked\n%v, want\n%v", step, got, want)
				}
				list, err := s.ListUser(ctx, "ann", epoch)
				noError(t, err)
				if want := m.unrevoked(); len(list) != len(want) || len(list) > 0 && !reflect.DeepEqual(list, want) {
					t.Fatalf("step %d: %d records are listed, want %d", step, len(list), len(want))
				}
				if step%20 == 0 {
					m.check(t, s)
				}
			}
			m.check(t, s)
		})
	}
}

// kept is a model of the records of one user who has none that expire.
type kept map[string]core.Record

func (m kept) create(r core.Record, limit int) (evicted []core.Record) {
	if list := m.unrevoked(); limit > 0 && len(list) >= limit {
		evicted = m.revokeAll(list[limit-1:], r.IssuedAt)
	}
	m[r.ID] = r
	return evicted
}

func (m kept) revoke(v core.Revocation) []core.Record {
	return m.revokeAll(slices.DeleteFunc(m.unrevoked(), func(r core.Record) bool { return !v.Selects(r) }), v.At)
}

func (m kept) revokeAll(records []core.Record, at time.Time) []core.Record {
	for i := range records {
		records[i].RevokedAt = at
		m[records[i].ID] = records[i]
	}
	return records
}

// unrevoked returns the unrevoked records, the newest first.
func (m kept) unrevoked() []core.Record {
	return slices.SortedFunc(maps.Values(m.some(false)), func(a, b core.Record) int { return core.CompareRecords(b, a) })
}

func (m kept) some(revoked bool) kept {
	some := kept{}
	for id, r := range m {
		if revoked != r.RevokedAt.IsZero() {
			some[id] = r
		}
	}
	return some
}

// check wants the store to have the records that it must keep, and Records to yield what
// Get returns. It forgets those that the store has dropped.
func (m kept) check(t *testing.T, s *redisstore.Store) {
	t.Helper()
	dead := slices.SortedFunc(maps.Values(m.some(true)), func(a, b core.Record) int {
		if c := b.RevokedAt.Compare(a.RevokedAt); c != 0 {
			return c
		}
		return core.CompareRecords(b, a)
	})
	for _, r := range dead[min(len(dead), core.KeptDeadRecords):] {
		if got, err := s.Get(t.Context(), r.ID); !errors.Is(err, core.ErrNotFound) {
			t.Fatalf("%v is kept, %v, beyond the last %d", got, err, core.KeptDeadRecords)
		}
		delete(m, r.ID)
	}
	for _, want := range m {
		if got, err := s.Get(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("Get: %v, %v, want %v", got, err, want)
		}
	}
	if got, err := yielded(t.Context(), s); err != nil || !reflect.DeepEqual(kept(got), m) {
		t.Fatalf("Records yields %d records, %v, want %d", len(got), err, len(m))
	}
}

// Two users may share a shard: only the lists and records of one's own are touched.
func TestRedisUsersWhoShareAShard(t *testing.T) {
	ctx := t.Context()
	client := redis.NewClient(&redis.Options{Addr: server.Redis(t, "--appendonly", "no").Addr()})
	s := openRedis(t, client, redisstore.Options{})
	key := "tokenauth:{" + core.UserShard("ann") + "}"
	// No two users are known that share one. So a record is made another's by hand.
	noError(t, create(ctx, s, session("amy", epoch, day), 0))
	fields := client.HGetAll(ctx, "tokenauth:{"+core.UserShard("amy")+"}").Val()
	noError(t, client.HSet(ctx, key, fields).Err())
	for i := range 5 {
		r := session("ann", epoch.Add(time.Duration(i)*time.Minute), day)
		evicted, err := s.Create(ctx, r, 1)
		noError(t, err)
		if len(evicted) != min(i, 1) {
			t.Errorf("login %d evicted %v, want one of the same user", i, evicted)
		}
		if list, err := s.ListUser(ctx, "ann", r.IssuedAt); err != nil || len(list) != 1 || list[0].ID != r.ID {
			t.Errorf("ListUser: %v, %v, want the login", list, err)
		}
	}
	if n, err := revokeUser(ctx, s, "ann", epoch.Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("Revoke of the user: %d records, %v, want 1", n, err)
	}
	for field, value := range fields {
		if got := client.HGet(ctx, key, field).Val(); got != value {
			t.Errorf("the record of the other user has become %q", got)
		}
	}
}

// More records than Lua can unpack at once.
func TestRedisManyUnrevokedRecords(t *testing.T) {
	ctx := t.Context()
	client := redis.NewClient(&redis.Options{Addr: server.Redis(t, "--appendonly", "no").Addr(), ReadTimeout: time.Minute})
	s := openRedis(t, client, redisstore.Options{})
	const many = 10_000
	records := make([]core.Record, many)
	var together sync.WaitGroup
	for first := range 8 {
		together.Go(func() {
			for i := first; i < many; i += 8 {
				// Most share their moment with others, where the ID decides.
				records[i] = session("ann", epoch.Add(time.Duration(i%7)*time.Millisecond), day)
				records[i].Data = []byte{}
				if err := create(context.WithoutCancel(ctx), s, records[i], 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	together.Wait()
	slices.SortFunc(records, func(a, b core.Record) int { return core.CompareRecords(b, a) })
	same := func(what string, got, want []core.Record, at time.Time, err error) {
		t.Helper()
		noError(t, err)
		for i := range want {
			want[i].RevokedAt = at
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s returned %d records, want %d, the newest first", what, len(got), len(want))
		}
	}
	list, err := s.ListUser(ctx, "ann", epoch)
	same("ListUser", list, records, time.Time{}, err)
	login := session("ann", epoch.Add(time.Hour), day)
	evicted, err := s.Create(ctx, login, 9_001)
	same("Create", evicted, records[9_000:], login.IssuedAt, err)
	revoked, err := s.Revoke(ctx, core.Revocation{UserID: "ann", Except: login.ID, At: epoch.Add(2 * time.Hour)})
	same("Revoke", revoked, records[:9_000], epoch.Add(2*time.Hour), err)
	if live, dead, lists := fieldsOf(t, client, "ann"); live != 1 || dead != core.KeptDeadRecords || lists != 2 {
		t.Errorf("the user has %d live records, %d dead ones and %d lists, want 1, %d and 2", live, dead, lists, core.KeptDeadRecords)
	}
	for i, r := range records[:core.KeptDeadRecords+1] {
		if _, err := s.Get(ctx, r.ID); (err == nil) != (i < core.KeptDeadRecords) {
			t.Errorf("Get of the revoked record %d, the newest first: %v", i, err)
		}
	}
}

// Records that have expired are deleted at logins of their user.
func TestRedisExpiredRecords(t *testing.T) {
	ctx := t.Context()
	client := redis.NewClient(&redis.Options{Addr: server.Redis(t).Addr()})
	s := openRedis(t, client, redisstore.Options{})
	for user, limit := range map[string]int{"limited": 1, "unlimited": 0} {
		t.Run(user, func(t *testing.T) {
			at := epoch
			for range 500 {
				noError(t, create(ctx, s, session(user, at, time.Hour), limit))
				at = at.Add(time.Hour)
			}
			// For a day they are kept; of the others one in sixteen may be left.
			if live, dead, _ := fieldsOf(t, client, user); live+dead > 24+2+50 {
				t.Errorf("%d records after 500 logins of an hour each", live+dead)
			}
		})
	}
	t.Run("a few at a time", func(t *testing.T) {
		for range 200 {
			noError(t, create(ctx, s, session("many", epoch, time.Hour), 0))
		}
		for _, limit := range []int{0, 1} {
			before, _, _ := fieldsOf(t, client, "many")
			evicted, err := s.Create(ctx, session("many", epoch.Add(10*day), time.Hour), limit)
			noError(t, err)
			after, _, _ := fieldsOf(t, client, "many")
			if gone := before + 1 - len(evicted) - after; gone != 16 {
				t.Errorf("a login at limit %d deleted %d of %d expired records, want 16", limit, gone, before)
			}
		}
	})
	t.Run("revoked ones", func(t *testing.T) {
		for i := range 50 {
			noError(t, create(ctx, s, session("revoked", epoch.Add(time.Duration(i)*time.Minute), time.Hour), 1))
		}
		noError(t, create(ctx, s, session("revoked", epoch.Add(10*day), time.Hour), 0))
		if live, dead, lists := fieldsOf(t, client, "revoked"); live != 1 || dead != 0 || lists != 0 {
			t.Errorf("%d live records, %d dead ones and %d lists are left, want the login alone", live, dead, lists)
		}
	})
	t.Run("not before their time", func(t *testing.T) {
		record := session("slow", epoch, time.Hour)
		noError(t, create(ctx, s, record, 1))
		for _, limit := range []int{0, 1} {
			noError(t, create(ctx, s, session("slow", record.ExpiresAt.Add(23*time.Hour), time.Hour), limit))
			if _, err := s.Get(ctx, record.ID); err != nil {
				t.Errorf("Get of a record that expired by the clock of one caller, not yet by another's: %v", err)
			}
		}
	})
}
