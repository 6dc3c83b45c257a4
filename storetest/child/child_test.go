package child_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest/child"
)

// scripted answers by the id that it is asked for.
type scripted struct{ core.RefreshStore }

func (scripted) Get(ctx context.Context, id string) (core.Record, error) {
	switch id {
	case "hangs":
		<-ctx.Done()
		return core.Record{}, fmt.Errorf("scripted: %w", ctx.Err())
	case "exits":
		os.Exit(3)
	case "pid":
		return core.Record{ID: fmt.Sprint(os.Getpid())}, nil
	case "prints":
		fmt.Println("a slow query")
	case "conflict":
		return core.Record{ID: id}, fmt.Errorf("scripted: %w", core.ErrConflict)
	case "overdue":
		return core.Record{}, context.DeadlineExceeded
	case "broken":
		return core.Record{}, errors.New("the disk is on fire")
	}
	return core.Record{
		ID: id, UserID: "a\x00b", Generation: 1<<53 - 1, AccessRef: core.Ref{1, 2}, Data: []byte{0, 255},
		IssuedAt: time.UnixMilli(1).UTC(), ExpiresAt: time.UnixMilli(253402300799999).UTC(),
	}, nil
}

func (scripted) Create(_ context.Context, r core.Record, limit int) ([]core.Record, error) {
	return []core.Record{r, {ID: fmt.Sprint(limit)}}, nil
}

func (scripted) Revoke(_ context.Context, v core.Revocation) ([]core.Record, error) {
	return []core.Record{{ID: v.ID, UserID: v.UserID, Device: v.Except, IssuedAt: v.IssuedUntil, RevokedAt: v.At}}, nil
}

func (scripted) ListUser(_ context.Context, userID string, at time.Time) ([]core.Record, error) {
	return []core.Record{{UserID: userID, IssuedAt: at}}, nil
}

func (scripted) Exchange(_ context.Context, x core.Exchange) (core.Record, error) {
	return core.Record{ID: x.ID, Generation: x.Generation, AccessRef: x.To, PreviousRef: x.From, ExchangedAt: x.At, ExpiresAt: x.ExpiresAt}, nil
}

func (scripted) DeleteExpired(_ context.Context, before time.Time, max int) (int, error) {
	return int(before.UnixMilli()) + max, nil
}

func TestMain(m *testing.M) {
	child.Main(map[string]child.Opener{
		"scripted": func(arg string) (core.RefreshStore, error) {
			if arg != "as told" {
				return nil, fmt.Errorf("not %q", arg)
			}
			return scripted{}, nil
		},
	})
	os.Exit(m.Run())
}

func TestAChildAnswersAsTheStoreInIt(t *testing.T) {
	s := child.Start(t, "scripted", "as told")
	want, _ := scripted{}.Get(t.Context(), "some id")
	got, err := s.Get(t.Context(), "some id")
	if err != nil || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("got %#v, %v; want %#v", got, err, want)
	}
	if got, err := s.Get(t.Context(), "conflict"); got.ID != "conflict" || !errors.Is(err, core.ErrConflict) || errors.Is(err, core.ErrNotFound) {
		t.Errorf("a conflict comes as %v, %v", got, err)
	}
	if _, err := s.Get(t.Context(), "overdue"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an overdue call comes as %v", err)
	}
	if got, err := s.Get(t.Context(), "prints"); got.ID != "prints" || err != nil {
		t.Errorf("a call that prints comes as %v, %v", got, err)
	}
	if _, err := s.Get(t.Context(), "broken"); err == nil || err.Error() != "the disk is on fire" {
		t.Errorf("a failure comes as %v", err)
	}
}

func TestAChildIsGivenEveryArgument(t *testing.T) {
	s := child.Start(t, "scripted", "as told")
	record, _ := scripted{}.Get(t.Context(), "some id")
	at := time.UnixMilli(7).UTC()
	x := core.Exchange{ID: "id", Generation: 3, From: core.Ref{1}, To: core.Ref{2}, At: at, ExpiresAt: at.Add(1)}
	v := core.Revocation{ID: "id", UserID: "user", Except: "another", IssuedUntil: at, At: at.Add(1)}
	all := func(s core.RefreshStore) []any {
		evicted, err1 := s.Create(t.Context(), record, 5)
		exchanged, err2 := s.Exchange(t.Context(), x)
		revoked, err3 := s.Revoke(t.Context(), v)
		listed, err4 := s.ListUser(t.Context(), "user", at)
		deleted, err5 := s.DeleteExpired(t.Context(), at, 5)
		return []any{evicted, err1, exchanged, err2, revoked, err3, listed, err4, deleted, err5}
	}
	if got, want := fmt.Sprintf("%#v", all(s)), fmt.Sprintf("%#v", all(scripted{})); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestACancelledCallReturns(t *testing.T) {
	s := child.Start(t, "scripted", "as told")
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan error)
	go func() {
		_, err := s.Get(ctx, "hangs")
		returned <- err
	}()
	if _, err := s.Get(t.Context(), "another"); err != nil {
		t.Errorf("during a call that hangs: %v", err)
	}
	cancel()
	if err := <-returned; !errors.Is(err, context.Canceled) || err.Error() != "scripted: context canceled" {
		t.Errorf("the cancelled call is %v, not what the store in the child returns", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Get(soon, "hangs"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an overdue call is %v", err)
	}
	if _, err := s.Get(ctx, "another"); !errors.Is(err, context.Canceled) {
		t.Errorf("a call with a cancelled context is %v", err)
	}
}

func TestCallsFailOnceTheProcessIsGone(t *testing.T) {
	for name, end := range map[string]func(s *child.Store){
		"killed": func(s *child.Store) { s.Kill(); s.Kill() },
		"exited": func(s *child.Store) { s.Get(context.Background(), "exits") },
	} {
		t.Run(name, func(t *testing.T) {
			s := child.Start(t, "scripted", "as told")
			returned := make(chan error)
			go func() {
				_, err := s.Get(t.Context(), "hangs")
				returned <- err
			}()
			end(s)
			if err := <-returned; err == nil || errors.Is(err, core.ErrNotFound) {
				t.Errorf("the call in flight is %v", err)
			}
			if _, err := s.Get(t.Context(), "another"); err == nil {
				t.Error("a later call is answered")
			}
		})
	}
}

const orphaning = "STORETEST_CHILD_ORPHANING"

// TestOrphaning is no test but the process that TestAChildEndsWithItsTest kills: it
// starts a child, has it hang in a call, and prints its process id.
func TestOrphaning(t *testing.T) {
	if os.Getenv(orphaning) == "" {
		return
	}
	s := child.Start(t, "scripted", "as told")
	pid, err := s.Get(t.Context(), "pid")
	if err != nil {
		t.Fatal(err)
	}
	go s.Get(t.Context(), "hangs")
	s.Get(t.Context(), "another") // which comes after it
	fmt.Println(pid.ID)
	select {}
}

func TestAChildEndsWithItsTest(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestOrphaning$")
	cmd.Env = append(os.Environ(), orphaning+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	orphan, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for orphan.Signal(syscall.Signal(0)) == nil && !isZombie(pid) {
		if time.Now().After(deadline) {
			orphan.Kill()
			t.Fatal("the child goes on")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// isZombie reports whether the process has ended and nobody has asked how, as where
// process 1 does not.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}
