package browser_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// chromium is a running Chromium. It ends by itself when the pipe to it is closed, as it
// is when this process dies, however that happens. It is safe for concurrent use.
type chromium struct {
	*devtools
	cmd   *exec.Cmd
	out   *os.File
	said  *bytes.Buffer // read it when the process has ended
	ended chan struct{} // closed when nothing comes from it any more
}

// programs are the names under which systems have it.
var programs = []string{"chromium", "google-chrome"}

// find returns the path of Chromium. If there is none, it ends the test. A test with a
// browser is skipped by go test -short.
func find(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("go test -short starts no browser: this test needs Chromium")
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const message = "this test needs Chromium, on Debian: apt-get install chromium. make test installs it."
	if os.Getenv("CI") != "" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// thirdParties says whose cookies go to sites that a page embeds: what the preference
// profile.cookie_controls_mode holds.
type thirdParties int

const (
	sendThirdParties  thirdParties = 0
	blockThirdParties thirdParties = 1 // but for partitioned cookies
)

// startChromium starts Chromium with its profile in that folder. Every name leads to
// this machine, and of all certificates that nobody vouches for it takes the tests' alone.
func startChromium(program, folder string, cookies thirdParties) (*chromium, error) {
	if err := prepareProfile(folder, cookies); err != nil {
		return nil, err
	}
	toIt, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer toIt.Close()
	out, fromIt, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer fromIt.Close()
	c := &chromium{devtools: newDevtools(in), out: out, said: &bytes.Buffer{}, ended: make(chan struct{})}
	c.cmd = exec.Command(program,
		"--headless", "--remote-debugging-pipe", "--user-data-dir="+filepath.Join(folder, "profile"),
		"--no-sandbox", // which root can't have; the pages are the tests' own
		"--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--password-store=basic",
		"--no-first-run", "--no-default-browser-check", "--no-proxy-server",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--disable-breakpad", "--disable-crash-reporter", "--disable-default-apps",
		"--disable-features=SpareRendererForSitePerProcess,Translate,OptimizationHints,MediaRouter", // they cost time
		"--host-resolver-rules=MAP * 127.0.0.1",
		"--ignore-certificate-errors-spki-list="+pin(),
		"about:blank")
	// Its own files go where the profile does.
	c.cmd.Env = append(os.Environ(), "HOME="+folder, "TMPDIR="+folder, "XDG_CONFIG_HOME="+folder, "XDG_CACHE_HOME="+folder)
	c.cmd.ExtraFiles = []*os.File{toIt, fromIt} // its 3 and 4
	c.cmd.Stdout, c.cmd.Stderr = c.said, c.said
	apart(c.cmd)
	c.cmd.WaitDelay = 10 * time.Second // for children that outlive it
	if err := c.cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	go func() {
		defer close(c.ended)
		c.listen(out)
	}()
	if err := c.call("", "Browser.getVersion", nil, nil); err != nil {
		c.end(0)
		return nil, fmt.Errorf("%w. It said:\n%s", err, c.said)
	}
	return c, nil
}

// prepareProfile writes the preferences of a profile that is new.
func prepareProfile(folder string, cookies thirdParties) error {
	path := filepath.Join(folder, "profile", "Default", "Preferences")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, fmt.Appendf(nil, `{"profile":{"cookie_controls_mode":%d}}`, cookies), 0o600)
}

// stop ends it in good order, so that the profile is written, or after a while at once.
func (c *chromium) stop() {
	_ = c.call("", "Browser.close", nil, nil)
	c.end(answerLimit / 2)
}

// kill kills all its processes at once.
func (c *chromium) kill() {
	killAll(c.cmd)
	c.end(answerLimit / 2)
}

// end waits for its end, which closing the pipe brings about, and kills it after a while.
func (c *chromium) end(limit time.Duration) {
	c.in.Close()
	kill := time.AfterFunc(limit, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	_ = c.cmd.Wait() // it may have been killed
	c.out.Close()    // a child that outlives it may hold the other end
	<-c.ended
}
