package main

import (
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func readme(t *testing.T) string {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheREADMEShowsThisProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(readme(t), "```go\n"+string(program)+"```\n") {
		t.Error("README.md and main.go differ")
	}
}

// The script that browsers are to run, with a fetch that answers as it is told and
// tells what it was asked for.
func TestTheREADMEsScriptRefreshes(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("this test runs node, which is not installed (Debian: apt-get install nodejs)")
	}
	script := regexp.MustCompile("(?s)```js\n(.*?)```").FindStringSubmatch(section(t, "The client's part"))
	if script == nil {
		t.Fatal("the section has no script")
	}
	for _, test := range []struct{ answers, want string }{
		{"200", "GET /data 200"},
		{"401 204 200", "GET /data, POST /refresh, GET /data 200"},
		{"401 409 200", "GET /data, POST /refresh, GET /data 200"},
		{"401 204 401", "GET /data, POST /refresh, GET /data, go to /login 401"},
		{"401 401", "GET /data, POST /refresh, go to /login 401"},
		{"401 503 204 200", "GET /data, POST /refresh, 1 s, POST /refresh, GET /data 200"},
		{"401 lost 503 204 200", "GET /data, POST /refresh, 1 s, POST /refresh, 2 s, POST /refresh, GET /data 200"},
		{"401 503 503 503 503", "GET /data, POST /refresh, 1 s, POST /refresh, 2 s, POST /refresh, 4 s, POST /refresh 503"},
		{"401 503 503 503 lost", "GET /data, POST /refresh, 1 s, POST /refresh, 2 s, POST /refresh, 4 s, POST /refresh lost"},
		{"401 403", "GET /data, POST /refresh 403"},
		{"503", "GET /data 503"},
	} {
		program := script[1] + `
const answers = process.argv[1].split(" "), calls = [];
globalThis.fetch = async (url, options) => {
  calls.push((options?.method ?? "GET") + " " + url);
  const answer = answers.shift();
  if (answer === "lost") throw new Error(answer);
  const status = Number(answer);
  return { status, ok: status < 300 };
};
globalThis.setTimeout = (done, wait) => { calls.push(wait / 1000 + " s"); done(); };
globalThis.location = { assign: (url) => calls.push("go to " + url) };
fetchWithRefresh("/data").then((answer) => answer.status, (lost) => lost.message).then((end) => console.log(calls.join(", "), end));`
		out, err := exec.Command(node, "-e", program, test.answers).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != test.want {
			t.Errorf("with the answers %s: %s, want %s (%v)", test.answers, got, test.want, err)
		}
	}
}

// section returns the part of the README under a heading.
func section(t *testing.T, heading string) string {
	_, rest, found := strings.Cut(readme(t), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

func TestTheREADMENamesEveryFieldOfConfig(t *testing.T) {
	table := section(t, "Configuration")
	for field := range reflect.TypeFor[core.Config]().Fields() {
		if !strings.Contains(table, "`"+field.Name+"`") {
			t.Errorf("Config.%s is not in the table", field.Name)
		}
	}
}

func TestTheREADMESpeaksOfMethodsThatExist(t *testing.T) {
	schema := reflect.TypeFor[*core.Schema]()
	for _, match := range regexp.MustCompile(`Schema\.(\w+)`).FindAllStringSubmatch(readme(t), -1) {
		if _, ok := schema.MethodByName(match[1]); !ok {
			t.Errorf("there is no Schema.%s", match[1])
		}
	}
}
