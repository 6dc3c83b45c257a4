//go:build unix

package browser_test

import (
	"os/exec"
	"syscall"
)

// apart gives the command's processes a group of their own.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killAll kills all processes of a command that was apart.
func killAll(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
