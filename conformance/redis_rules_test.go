package conformance_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// The rule of exchanges stands in the script too. It must be core's, up to the
// highest generation and the last moment.
func TestRedisExchangesAsCoreDoes(t *testing.T) {
	ctx := t.Context()
	client := redis.NewClient(&redis.Options{Addr: server.Redis(t, "--appendonly", "no").Addr()})
	s := openRedis(t, client, redisstore.Options{})
	const last = 1<<53 - 1 // generation
	refs := []core.Ref{{1}, {1, 15: 1}, {}}
	users, done, refused := 0, 0, 0
	for _, issued := range []time.Time{time.Unix(0, 0).UTC(), epoch, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)} {
		expires := issued.Add(999 * time.Millisecond)
		for _, generation := range []int64{0, 1, 2, 255, 256, last - 2, last - 1, last} {
			for _, revokedAt := range []time.Time{{}, issued, expires} {
				for _, x := range []core.Exchange{
					{Generation: 0}, {Generation: 1}, {Generation: 254}, {Generation: 256}, {Generation: generation},
					{Generation: generation - 1}, {Generation: generation + 1}, {Generation: last - 2}, {Generation: last - 1},
				} {
					if x.Generation < 0 || x.Generation >= last {
						continue
					}
					for _, from := range refs {
						for _, at := range []time.Time{issued, expires.Add(-time.Millisecond), expires} {
							users++
							r := session(fmt.Sprint("user ", users), issued, expires.Sub(issued))
							r.Generation, r.AccessRef, r.PreviousRef, r.RevokedAt, r.Data = generation, refs[0], core.Ref{9}, revokedAt, []byte{1}
							x.ID, x.From, x.To, x.At, x.ExpiresAt = r.ID, from, core.Ref{2}, at, expires.Add(time.Millisecond)
							if x.ExpiresAt.Year() > 9999 {
								x.ExpiresAt = expires
							}
							noError(t, create(ctx, s, r, 0))
							want, ok := r.Exchanged(x)
							got, err := s.Exchange(ctx, x)
							if ok != (err == nil) || !ok && !errors.Is(err, core.ErrConflict) || !reflect.DeepEqual(got, want) {
								t.Fatalf("Exchange(%+v) of %+v:\n%+v, %v, want\n%+v, %t", x, r, got, err, want, ok)
							}
							if got, err := s.Get(ctx, r.ID); err != nil || !reflect.DeepEqual(got, want) {
								t.Fatalf("after Exchange(%+v) of %+v:\n%+v, %v, want\n%+v", x, r, got, err, want)
							}
							if ok {
								done++
							} else {
								refused++
							}
						}
					}
				}
			}
		}
		noError(t, client.FlushAll(ctx).Err())
	}
	if done < 500 || refused < 500 {
		t.Errorf("%d exchanges were done and %d refused: the cases are too much alike", done, refused)
	}
}
