package browser_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"
)

// tab is one tab of a profile.
type tab struct {
	page
	target, session string
}

// open opens a tab and the address in it.
func (p *profile) open(address string) *tab {
	p.t.Helper()
	tab := &tab{}
	tab.page = page{p, tab.eval}
	params := p.params()
	params["url"] = "about:blank"
	var made struct {
		Target string `json:"targetId"`
	}
	p.must(p.call("", "Target.createTarget", params, &made))
	var attached struct {
		Session string `json:"sessionId"`
	}
	p.must(p.call("", "Target.attachToTarget", map[string]any{"targetId": made.Target, "flatten": true}, &attached))
	tab.target, tab.session = made.Target, attached.Session
	p.must(p.call(tab.session, "Page.enable", nil, nil))
	if address != "about:blank" {
		tab.visit(address)
	}
	return tab
}

// in returns the tab for a subtest, which begins with an empty jar.
func (t *tab) in(sub *testing.T) *tab {
	sub.Helper()
	p := *t.profile
	p.t = sub
	c := &tab{target: t.target, session: t.session}
	c.page = page{&p, c.eval}
	p.must(p.call("", "Storage.clearCookies", p.params(), nil))
	return c
}

// close closes the tab.
func (t *tab) close() {
	t.t.Helper()
	t.must(t.call("", "Target.closeTarget", map[string]any{"targetId": t.target}, nil))
}

// visit opens an address as a user does who types it, and returns the outcome.
func (t *tab) visit(address string) string {
	t.t.Helper()
	return t.leave(func() error { return t.navigate(address) })
}

func (t *tab) navigate(address string) error {
	return t.call(t.session, "Page.navigate", map[string]any{"url": address}, nil)
}

// follow has the page lead its tab to the address, as a link does, and returns the outcome.
func (t *tab) follow(address string) string {
	t.t.Helper()
	return t.leave(func() error {
		return t.eval(fmt.Sprintf("void (location.href = %q)", address), nil)
	})
}

// submit has the page send an empty form to the address by POST, in its tab, and returns
// the outcome.
func (t *tab) submit(address string) string {
	t.t.Helper()
	return t.leave(func() error {
		return t.eval(fmt.Sprintf("submit(%q)", address), nil)
	})
}

// shownScript gives the outcome of the page that a tab shows. It is null for the empty page
// that a new tab begins with, and for one that is not loaded yet.
const shownScript = outcomeScript + `
document.URL === "about:blank" || document.readyState !== "complete" ? null :
	outcome(performance.getEntriesByType("navigation")[0].responseStatus, document.body.innerText)`

// leave goes to another page and returns the outcome once that is loaded.
func (t *tab) leave(by func() error) string {
	t.t.Helper()
	outcome, err := t.load(by)
	t.must(err)
	return outcome
}

// load is leave for tests with several goroutines.
func (t *tab) load(by func() error) (string, error) {
	limit := time.NewTimer(answerLimit)
	defer limit.Stop()
	loaded := t.next(t.session, "Page.loadEventFired")
	if err := by(); err != nil {
		return "", err
	}
	for {
		select {
		case <-loaded:
		case <-t.ended:
			return "", errors.New("chromium has ended")
		case <-limit.C:
			return "", fmt.Errorf("no page within %v", answerLimit)
		}
		loaded = t.next(t.session, "Page.loadEventFired")
		var outcome *string
		if err := t.eval(shownScript, &outcome); err != nil {
			return "", err
		}
		if outcome != nil {
			return *outcome, nil
		}
	}
}

// eval evaluates JavaScript in the tab's page and waits for the promise that it may give.
func (t *tab) eval(script string, result any) error {
	var evaluated struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	params := map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}
	if err := t.call(t.session, "Runtime.evaluate", params, &evaluated); err != nil {
		return err
	}
	if e := evaluated.Exception; e != nil {
		return fmt.Errorf("%s: %s %s", script, e.Text, e.Exception.Description)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(evaluated.Result.Value, result); err != nil {
		return fmt.Errorf("%s gave %q: %w", script, evaluated.Result.Value, err)
	}
	return nil
}
