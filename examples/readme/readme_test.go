package main

import (
	"os"
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
