package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
)

// nowhere is a client that has no server.
func nowhere(t testing.TB) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestNewRefuses(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": "127.0.0.1:1"}})
	defer ring.Close()
	pipeliner, err := nowhere(t).AutoPipeline()
	if err != nil {
		t.Fatal(err)
	}
	defer pipeliner.Close()
	for name, test := range map[string]struct {
		client  redis.UniversalClient
		options redisstore.Options
		says    string
	}{
		"no client":             {nil, redisstore.Options{}, "nil"},
		"a Ring":                {ring, redisstore.Options{}, "Ring"},
		"a brace in the prefix": {nowhere(t), redisstore.Options{Prefix: "app{1}:"}, "Prefix"},
		"negative replicas":     {nowhere(t), redisstore.Options{WaitReplicas: -1}, "WaitReplicas"},
		"replicas of a wrapper": {pipeliner, redisstore.Options{WaitReplicas: 1}, "WaitReplicas"},
		"a negative wait":       {nowhere(t), redisstore.Options{WaitReplicas: 1, WaitTimeout: -time.Second}, "WaitTimeout"},
		"a wait of no time":     {nowhere(t), redisstore.Options{WaitReplicas: 1, WaitTimeout: time.Microsecond}, "WaitTimeout"},
		"a wait too long":       {nowhere(t), redisstore.Options{WaitReplicas: 1, WaitTimeout: 5 * time.Second}, "ReadTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := redisstore.New(test.client, test.options)
			if s != nil || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("New: %v, %v, want an error about %s", s, err, test.says)
			}
		})
	}
}

func TestNewNeedsNoServer(t *testing.T) {
	for name, options := range map[string]redisstore.Options{
		"the defaults": {},
		"all options":  {Prefix: "app:", WaitReplicas: 2, WaitTimeout: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := redisstore.New(nowhere(t), options); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTextsThatAreNotIDs(t *testing.T) {
	s, err := redisstore.New(nowhere(t), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := core.NewRecordID("ann")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, text := range map[string]string{
		"empty":        "",
		"too short":    id[:39],
		"too long":     id + "a",
		"upper case":   strings.ToUpper(id),
		"a brace":      "}" + id[1:],
		"not UTF-8":    id[:39] + "\xff",
		"a line break": id[:39] + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Get(t.Context(), text); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("Get: %v, want ErrNotFound", err)
			}
			if _, err := s.Exchange(t.Context(), core.Exchange{ID: text}); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("Exchange: %v, want ErrNotFound", err)
			}
			if got, err := s.Get(cancelled, text); !errors.Is(err, context.Canceled) {
				t.Errorf("Get with a cancelled context: %v, %v, want its error", got, err)
			}
			if text == "" {
				return // selects all records of a user
			}
			if got, err := s.Revoke(t.Context(), core.Revocation{ID: text, At: time.Unix(0, 0).UTC()}); len(got) > 0 || err != nil {
				t.Errorf("Revoke: %v, %v, want no records and no error", got, err)
			}
			if _, err := s.Revoke(cancelled, core.Revocation{ID: text}); !errors.Is(err, context.Canceled) {
				t.Errorf("Revoke with a cancelled context: %v, want its error", err)
			}
		})
	}
}

func TestRevokeOfAnotherUsersRecordSelectsNone(t *testing.T) {
	s, err := redisstore.New(nowhere(t), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := core.Revocation{ID: core.NewRecordID("ann"), UserID: "bob", At: time.Unix(0, 0).UTC()}
	if got, err := s.Revoke(t.Context(), v); len(got) > 0 || err != nil {
		t.Errorf("Revoke: %v, %v, want no records and no error", got, err)
	}
}

func TestCreateRefusesWhatCoreDoes(t *testing.T) {
	s, err := redisstore.New(nowhere(t), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(0, 0).UTC()
	for field, change := range map[string]func(*core.Record){
		"UserID":     func(r *core.Record) { r.UserID = strings.Repeat("u", core.MaxUserIDBytes+1) },
		"ID":         func(r *core.Record) { r.ID = core.NewRecordID("bob") },
		"Generation": func(r *core.Record) { r.Generation = 1 << 53 },
		"Device":     func(r *core.Record) { r.Device = "a\x00" },
		"Data":       func(r *core.Record) { r.Data = make([]byte, core.MaxDataBytes+1) },
		"ExpiresAt":  func(r *core.Record) { r.ExpiresAt = at.Add(time.Nanosecond) },
	} {
		t.Run(field, func(t *testing.T) {
			r := core.Record{ID: core.NewRecordID("ann"), UserID: "ann", IssuedAt: at, ExchangedAt: at, ExpiresAt: at.Add(time.Hour)}
			change(&r)
			_, err := s.Create(t.Context(), r, 1)
			if err == nil || errors.Is(err, core.ErrExists) || !strings.HasPrefix(err.Error(), "redisstore: create: "+field) {
				t.Errorf("Create: %v, want an error that names the field", err)
			}
		})
	}
}

func TestRecordsNeedsAClientOfOneServerOrACluster(t *testing.T) {
	pipeliner, err := nowhere(t).AutoPipeline()
	if err != nil {
		t.Fatal(err)
	}
	defer pipeliner.Close()
	s, err := redisstore.New(pipeliner, redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range s.Records(t.Context()) {
		if err != nil {
			break
		}
	}
	if err == nil || !strings.HasPrefix(err.Error(), "redisstore: records: client must be") {
		t.Errorf("Records: %v, want an error about the client", err)
	}
}
