package rotation

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

const (
	users = 6
	tabs  = 3
	round = 20 * time.Second // three of them to an access token
)

// run has all users use all their tabs for so long, again and again, while during,
// where it is not nil, goes on in the first round. It returns what failed.
func (f *fleet) run(all []*user, d time.Duration, during func()) []error {
	var mu sync.Mutex
	var failed []error
	for rounds := int(d / round); rounds > 0; rounds-- {
		var wg sync.WaitGroup
		if during != nil {
			wg.Go(during)
			during = nil
		}
		for _, u := range all {
			// A session has an end: its user logs in once more before that.
			if f.now().Sub(u.loggedIn) > session-2*round {
				if err := u.logIn(); err != nil {
					failed = append(failed, err)
				}
			}
			for range tabs {
				wg.Go(func() {
					for range 2 {
						if err := u.useTab(); err != nil {
							mu.Lock()
							failed = append(failed, err)
							mu.Unlock()
						}
					}
				})
			}
		}
		wg.Wait()
		f.elapsed.Add(int64(round))
	}
	return failed
}

func (f *fleet) newUsers() []*user {
	f.t.Helper()
	all := make([]*user, users)
	for i := range all {
		jar, err := cookiejar.New(nil)
		if err != nil {
			f.t.Fatal(err)
		}
		all[i] = &user{fleet: f, Client: http.Client{Jar: jar}, name: fmt.Sprint("user-", i)}
		if err := all[i].logIn(); err != nil {
			f.t.Fatal(err)
		}
		f.elapsed.Add(int64(round / users)) // so that not all tokens expire at once
	}
	return all
}

// The steps are those that the documentation of core.Config and jwttoken gives.
func TestSecretsAndKeysRotateUnderLoadWithoutAFailedRequest(t *testing.T) {
	keyA, keyB := key(t, "a"), key(t, "b")
	secretA, secretB := core.NewSecret(), core.NewSecret()
	f := newFleet(t, deployment{[]jwttoken.Key{keyA}, [][]byte{secretA}})
	all := f.newUsers()
	for _, step := range []struct {
		name string
		deployment
		lasts time.Duration
	}{
		{"the new ones verify", deployment{[]jwttoken.Key{keyA, keyB}, [][]byte{secretA, secretB}}, 2 * time.Minute},
		{"the new ones sign", deployment{[]jwttoken.Key{keyB, keyA}, [][]byte{secretB, secretA}}, session},
		{"the old ones go", deployment{[]jwttoken.Key{keyB}, [][]byte{secretB}}, 2 * time.Minute},
	} {
		for _, err := range f.run(all, step.lasts, func() { f.deploy(step.deployment) }) {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}

// What the steps are for: each of them left out makes requests fail, which the test
// above would see.
func TestARotationInOneStepFailsRequests(t *testing.T) {
	keyA, keyB := key(t, "a"), key(t, "b")
	secretA, secretB := core.NewSecret(), core.NewSecret()
	both := deployment{[]jwttoken.Key{keyA, keyB}, [][]byte{secretA, secretB}}
	for name, steps := range map[string][]deployment{
		"a new secret at once": {{both.keys, [][]byte{secretB}}},
		"a new key at once":    {{[]jwttoken.Key{keyB}, both.secrets}},
		"the old ones go with the first step": {
			both, {[]jwttoken.Key{keyB}, [][]byte{secretB}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, deployment{[]jwttoken.Key{keyA}, [][]byte{secretA}})
			all := f.newUsers()
			var failed []error
			for _, d := range steps {
				failed = append(failed, f.run(all, 2*time.Minute, func() { f.deploy(d) })...)
			}
			if len(failed) == 0 {
				t.Error("no request failed")
			}
		})
	}
}
