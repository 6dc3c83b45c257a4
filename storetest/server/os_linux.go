package server

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// attributes adds to those of a program that it leads a group of its own, and that it gets
// the signal when the thread that starts it dies.
func attributes(a *syscall.SysProcAttr, death syscall.Signal) *syscall.SysProcAttr {
	if a == nil {
		a = &syscall.SysProcAttr{}
	}
	a.Setpgid = true
	a.Pdeathsig = death
	return a
}

// killTree kills a process, its group and its children, and waits until the children are
// gone. Those of PostgreSQL lead groups of their own.
func killTree(pid int) {
	// Once it is stopped it starts no others.
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	for state, _ := status(pid); running(pid) && state != "T" && state != "t"; state, _ = status(pid) {
		time.Sleep(time.Millisecond)
	}
	children := childrenOf(pid)
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	for _, child := range children {
		for running(child) {
			time.Sleep(time.Millisecond)
		}
	}
}

func childrenOf(pid int) []int {
	entries, _ := os.ReadDir("/proc")
	var children []int
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if _, parent := status(child); parent == pid {
			children = append(children, child)
		}
	}
	return children
}

// running reports whether a process is there and not a zombie, which nobody may reap where
// process 1 doesn't.
func running(pid int) bool {
	state, _ := status(pid)
	return state != "" && state != "Z" && state != "X"
}

// status returns the state and the parent of a process, from /proc (proc(5)): they follow
// the name, which is in parentheses and may hold any character.
func status(pid int) (state string, parent int) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	return string(fields[0]), parent
}
