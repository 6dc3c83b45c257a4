//go:build unix && !linux

package server

import "syscall"

// attributes adds to those of a program that it leads a group of its own. There is no way
// here to have it die with this process.
func attributes(a *syscall.SysProcAttr, _ syscall.Signal) *syscall.SysProcAttr {
	if a == nil {
		a = &syscall.SysProcAttr{}
	}
	a.Setpgid = true
	return a
}

// killTree kills a process and its group. The children of PostgreSQL lead groups of their
// own; they end by themselves when they miss their parent.
func killTree(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
