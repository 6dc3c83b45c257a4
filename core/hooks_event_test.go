package core_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// The reason of an event is the error in the answer to the client.
func TestAReasonIsTheCodeOfTheAnswer(t *testing.T) {
	w := newWorld(t, nil)
	for _, err := range []error{
		core.ErrMissingAccessToken, core.ErrInvalidAccessToken, core.ErrAccessTokenExpired, core.ErrAccessTokenNotExpired,
		core.ErrMissingRefreshToken, core.ErrInvalidRefreshToken, core.ErrCompromised,
		core.ErrStoreUnavailable, core.ErrClaims, core.ErrCrossOrigin, core.ErrMethodNotAllowed, core.ErrInvalidLogin, core.ErrSessionEnded, core.ErrNoSession,
		fmt.Errorf("wrapped: %w", core.ErrCompromised), errBroken,
		// A failure of ours is never a verdict.
		fmt.Errorf("%w: %w", core.ErrCompromised, core.ErrStoreUnavailable),
	} {
		rec := httptest.NewRecorder()
		w.WriteError(rec, httptest.NewRequestWithContext(w.ctx, "POST", "/", nil), err)
		var body struct{ Error string }
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if reason := core.ReasonOf(err); reason == "" || string(reason) != body.Error || core.StatusOf(err) != rec.Code {
			t.Errorf("the reason of %q is %q, and the answer says %q", err, reason, body.Error)
		}
	}
	if reason, status := core.ReasonOf(nil), core.StatusOf(nil); reason != "" || status != 200 {
		t.Errorf("the reason of nothing is %q, its status %d", reason, status)
	}
}

func TestAnEventLogsWhatItHolds(t *testing.T) {
	ref := core.Ref{1, 15: 2}
	for _, test := range []struct {
		event core.Event
		want  string
	}{
		{core.Event{}, ``},
		{core.Event{UserID: "ada"}, ` event.user=ada`},
		{core.Event{At: start, SessionID: "abc", Ref: ref}, ` event.at=2030-01-02T03:04:05.000Z event.session=abc event.ref=01000000-0000-0000-0000-000000000002`},
		{core.Event{UserID: "ada", Sessions: 2}, ` event.user=ada event.sessions=2`},
		{core.Event{Reason: core.ReasonStoreUnavailable, Err: fmt.Errorf("%w: exchange: %w", core.ErrStoreUnavailable, errBroken)},
			` event.reason=store_unavailable event.err="refresh-token store unavailable: exchange: broken"`},
		{core.Event{At: start, UserID: "ada", SessionID: "abc", Ref: ref, Device: "laptop", Sessions: 3, Reason: core.ReasonCompromised, Err: core.ErrCompromised},
			` event.at=2030-01-02T03:04:05.000Z event.user=ada event.session=abc event.ref=01000000-0000-0000-0000-000000000002` +
				` event.device=laptop event.sessions=3 event.reason=refresh_token_compromised event.err="refresh token compromised"`},
		// Neither a user nor a browser can forge a line of the log.
		{core.Event{UserID: "ada\nlevel=INFO", Device: "a=b \"c\""}, ` event.user="ada\nlevel=INFO" event.device="a=b \"c\""`},
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "event", test.event)
		_, got, _ := strings.Cut(strings.TrimSuffix(log.String(), "\n"), "msg=x")
		if got != test.want {
			t.Errorf("%+v logs\n%s\nwant\n%s", test.event, got, test.want)
		}
	}
}

// An alarm finds in JSON what it is told in Go.
func TestAnEventLogsAsJSON(t *testing.T) {
	var log bytes.Buffer
	event := core.Event{At: start, UserID: "ada", Sessions: 2, Reason: core.ReasonCompromised, Err: core.ErrCompromised}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "event", event)
	var record struct{ Event map[string]any }
	if err := json.Unmarshal(log.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"at": "2030-01-02T03:04:05Z", "user": "ada", "sessions": 2.0, "reason": "refresh_token_compromised", "err": "refresh token compromised"}
	if fmt.Sprint(record.Event) != fmt.Sprint(want) {
		t.Errorf("it logs %v, want %v", record.Event, want)
	}
}
