package core_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// storeMethods call each method of a store, with arguments that tell them apart.
var storeMethods = []struct {
	name string
	call func(ctx context.Context, s core.RefreshStore) (any, error)
}{
	{"create", func(ctx context.Context, s core.RefreshStore) (any, error) {
		return s.Create(ctx, core.Record{ID: "id", UserID: "ada", Data: []byte("{}")}, 3)
	}},
	{"get", func(ctx context.Context, s core.RefreshStore) (any, error) { return s.Get(ctx, "id") }},
	{"exchange", func(ctx context.Context, s core.RefreshStore) (any, error) {
		return s.Exchange(ctx, core.Exchange{ID: "id", Generation: 4, At: observedAt})
	}},
	{"revoke", func(ctx context.Context, s core.RefreshStore) (any, error) {
		return s.Revoke(ctx, core.Revocation{UserID: "ada", Except: "id", At: observedAt})
	}},
	{"list_user", func(ctx context.Context, s core.RefreshStore) (any, error) { return s.ListUser(ctx, "ada", observedAt) }},
	{"delete_expired", func(ctx context.Context, s core.RefreshStore) (any, error) {
		return s.DeleteExpired(ctx, observedAt, 5)
	}},
}

var observedAt = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// scripted is a store that does the same at every call, and writes down its arguments.
type scripted struct {
	err   error
	do    func(ctx context.Context) // nil: nothing
	calls [][]any
}

func (s *scripted) called(ctx context.Context, args ...any) ([]core.Record, error) {
	s.calls = append(s.calls, args)
	if s.do != nil {
		s.do(ctx)
	}
	return []core.Record{{ID: "a", Generation: 7}, {ID: "b"}}, s.err
}

func (s *scripted) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	return s.called(ctx, "create", r, limit)
}

func (s *scripted) Get(ctx context.Context, id string) (core.Record, error) {
	records, err := s.called(ctx, "get", id)
	return records[0], err
}

func (s *scripted) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	records, err := s.called(ctx, "exchange", x)
	return records[0], err
}

func (s *scripted) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	return s.called(ctx, "revoke", v)
}

func (s *scripted) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	return s.called(ctx, "list_user", userID, at)
}

func (s *scripted) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	records, err := s.called(ctx, "delete_expired", before, max)
	return len(records), err
}

// toldCalls is what StoreHooks are told.
type toldCalls struct {
	begun, ended []string
	took         time.Duration // by the last call
	ctx          context.Context
}

type begunKey struct{}

func (t *toldCalls) hooks() core.StoreHooks {
	return core.StoreHooks{
		Begin: func(ctx context.Context, method string) context.Context {
			t.begun = append(t.begun, method)
			return context.WithValue(ctx, begunKey{}, method)
		},
		End: func(ctx context.Context, method string, outcome core.Outcome, took time.Duration) {
			t.ended = append(t.ended, method+" "+string(outcome))
			t.ctx, t.took = ctx, took
		},
	}
}

func TestAnObservedStoreIsTheStore(t *testing.T) {
	for _, err := range []error{nil, core.ErrConflict, errors.New("broken")} {
		for _, hooks := range []core.StoreHooks{{}, new(toldCalls).hooks()} {
			for _, method := range storeMethods {
				bare, wrapped := &scripted{err: err}, &scripted{err: err}
				want, wantErr := method.call(t.Context(), bare)
				got, gotErr := method.call(t.Context(), core.ObserveStore(wrapped, hooks))
				if !reflect.DeepEqual(got, want) || gotErr != wantErr { //nolint:errorlint // it is to be the very same
					t.Errorf("%s = %v, %v, want %v, %v", method.name, got, gotErr, want, wantErr)
				}
				if !reflect.DeepEqual(wrapped.calls, bare.calls) {
					t.Errorf("%s called %v, want %v", method.name, wrapped.calls, bare.calls)
				}
			}
		}
	}
}

func TestEveryCallOfAnObservedStoreHasAnOutcome(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	overdue, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	broken := errors.New("broken")
	for _, test := range []struct {
		ctx  context.Context
		err  error
		want core.Outcome
	}{
		{t.Context(), nil, core.OutcomeOK},
		{cancelled, nil, core.OutcomeOK},
		{t.Context(), core.ErrNotFound, core.OutcomeNotFound},
		{t.Context(), core.ErrExists, core.OutcomeExists},
		{t.Context(), core.ErrConflict, core.OutcomeConflict},
		{t.Context(), fmt.Errorf("wrapped: %w", core.ErrConflict), core.OutcomeConflict},
		{t.Context(), broken, core.OutcomeError},
		{cancelled, broken, core.OutcomeError},
		{cancelled, context.Canceled, core.OutcomeCancelled},
		{cancelled, fmt.Errorf("boltstore: get: %w", context.Canceled), core.OutcomeCancelled},
		// A driver that ends a read by a deadline, because the caller is gone.
		{cancelled, errors.Join(os.ErrDeadlineExceeded, context.Canceled), core.OutcomeCancelled},
		// The driver gave up: nobody cancelled the call.
		{t.Context(), context.Canceled, core.OutcomeError},
		{overdue, context.DeadlineExceeded, core.OutcomeTimeout},
		{t.Context(), context.DeadlineExceeded, core.OutcomeTimeout},
		{t.Context(), fmt.Errorf("redisstore: get: %w", os.ErrDeadlineExceeded), core.OutcomeTimeout},
	} {
		for _, method := range storeMethods {
			told := &toldCalls{}
			method.call(test.ctx, core.ObserveStore(&scripted{err: test.err}, told.hooks()))
			want := method.name + " " + string(test.want)
			if !slices.Equal(told.begun, []string{method.name}) || !slices.Equal(told.ended, []string{want}) {
				t.Errorf("after %v the hooks were told that %q began and %q ended, want %q, once", test.err, told.begun, told.ended, want)
			}
		}
	}
}

// A span that Begin puts in the context reaches the store's driver, and End.
func TestTheContextOfBeginIsThatOfTheCall(t *testing.T) {
	for _, method := range storeMethods {
		var seen any
		store, told := &scripted{do: func(ctx context.Context) { seen = ctx.Value(begunKey{}) }}, &toldCalls{}
		method.call(t.Context(), core.ObserveStore(store, told.hooks()))
		if seen != method.name || told.ctx.Value(begunKey{}) != method.name {
			t.Errorf("%s: the store saw %v and End %v, want %[1]s", method.name, seen, told.ctx.Value(begunKey{}))
		}
	}
}

func TestACallThatPanicsIsToldAsAnError(t *testing.T) {
	for _, method := range storeMethods {
		store, told := &scripted{do: func(context.Context) { panic("of the store") }}, &toldCalls{}
		func() {
			defer func() {
				if r := recover(); r != "of the store" {
					t.Errorf("%s: the panic is %v, want the store's", method.name, r)
				}
			}()
			method.call(t.Context(), core.ObserveStore(store, told.hooks()))
		}()
		if want := method.name + " error"; !slices.Equal(told.ended, []string{want}) {
			t.Errorf("the hooks were told %q, want %q", told.ended, want)
		}
	}
}

func TestACallIsMeasuredWithoutItsHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, method := range storeMethods {
			told := &toldCalls{}
			hooks := told.hooks()
			begin := hooks.Begin
			hooks.Begin = func(ctx context.Context, method string) context.Context {
				time.Sleep(time.Hour)
				return begin(ctx, method)
			}
			method.call(t.Context(), core.ObserveStore(&scripted{do: func(context.Context) { time.Sleep(3 * time.Second) }}, hooks))
			if told.took != 3*time.Second {
				t.Errorf("%s took %v, want 3s", method.name, told.took)
			}
		}
	})
}

func TestAStoreThatHangsIsToldAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, method := range storeMethods {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			told, store := &toldCalls{}, &scripted{err: context.DeadlineExceeded, do: func(ctx context.Context) { <-ctx.Done() }}
			method.call(ctx, core.ObserveStore(store, told.hooks()))
			cancel()
			if want := method.name + " timeout"; !slices.Equal(told.ended, []string{want}) || told.took != 5*time.Second {
				t.Errorf("the hooks were told %q after %v, want %q after 5s", told.ended, told.took, want)
			}
		}
	})
}

// iterable is a store that yields its records.
type iterable struct{ *scripted }

func (iterable) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		_ = yield(core.Record{ID: "a"}, nil) && yield(core.Record{}, ctx.Err())
	}
}

func TestAnObservedStoreYieldsRecordsWhereTheStoreDoes(t *testing.T) {
	told := &toldCalls{}
	if _, ok := core.ObserveStore(&scripted{}, told.hooks()).(core.RecordIterator); ok {
		t.Error("a store without Records has it when it is observed")
	}
	iterator, ok := core.ObserveStore(iterable{&scripted{}}, told.hooks()).(core.RecordIterator)
	if !ok {
		t.Fatal("a store with Records has none when it is observed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var got []string
	for r, err := range iterator.Records(ctx) {
		got = append(got, fmt.Sprint(r.ID, err))
	}
	if want := []string{"a<nil>", "context canceled"}; !slices.Equal(got, want) {
		t.Errorf("Records yields %q, want %q", got, want)
	}
	iterator.(core.RefreshStore).Get(ctx, "id")
	if want := []string{"get ok"}; !slices.Equal(told.ended, want) {
		t.Errorf("the hooks were told %q, want %q", told.ended, want)
	}
}

func TestNoStoreIsNoStoreWhenObserved(t *testing.T) {
	for _, store := range []core.RefreshStore{nil, (*scripted)(nil)} {
		if s := core.ObserveStore(store, core.StoreHooks{}); s != nil {
			t.Errorf("ObserveStore = %v, want nil", s)
		}
	}
}

// quiet is a store that allocates nothing.
type quiet struct{ core.RefreshStore }

func (quiet) Get(context.Context, string) (core.Record, error) { return core.Record{}, nil }
func (quiet) Exchange(context.Context, core.Exchange) (core.Record, error) {
	return core.Record{}, core.ErrConflict
}

func TestObservingAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	store := core.ObserveStore(quiet{}, core.StoreHooks{
		Begin: func(ctx context.Context, _ string) context.Context { return ctx },
		End:   func(context.Context, string, core.Outcome, time.Duration) {},
	})
	for name, call := range map[string]func(){
		"get":      func() { store.Get(ctx, "id") },
		"exchange": func() { store.Exchange(ctx, core.Exchange{}) },
	} {
		if n := testing.AllocsPerRun(100, call); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
