package main

import (
	"fmt"
	"os"
	"strings"
)

// equivalent is an entry of equivalent.txt: mutants that no test can kill.
type equivalent struct {
	file, function, change, reason string
	matched, survived              bool
}

// readEquivalents reads a file of them. A line has four parts with " | " between: file,
// function, "before → after", reason. Lines that begin with # and empty lines mean
// nothing.
func readEquivalents(path string) ([]*equivalent, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []*equivalent
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) != 4 || parts[3] == "" {
			return nil, fmt.Errorf("%s: a line must be file | function | before → after | reason: %s", path, line)
		}
		all = append(all, &equivalent{file: parts[0], function: parts[1], change: parts[2], reason: parts[3]})
	}
	return all, nil
}

func (e *equivalent) String() string { return e.file + " | " + e.function + " | " + e.change }

// entry is what stands for m in the file of equivalents.
func (m *mutant) entry() string {
	return fmt.Sprintf("%s | %s | %s → %s", m.file, m.function, m.before, m.after)
}
