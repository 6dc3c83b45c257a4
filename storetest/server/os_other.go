//go:build !unix

package server

import (
	"os"
	"os/exec"
	"syscall"
)

// There are no groups, no signals and no other users here that the tests need: servers
// are killed, and whoever has their programs runs them.

func attributes(a *syscall.SysProcAttr, _ syscall.Signal) *syscall.SysProcAttr { return a }

func killTree(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

type account struct{}

func accountFor(string) (*account, error) { return nil, nil }

func (*account) own(string) error { return nil }

func (*account) run(*exec.Cmd) {}
