//go:build !unix

package browser_test

import "os/exec"

func apart(*exec.Cmd) {}

// killAll kills the command's process. Those that it started see that.
func killAll(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
