package server

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a running program. It is safe for concurrent use.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the program has ended
}

// startProcess starts a program in a group of its own, whose children are killed with it, and
// which gets the signal where this process dies.
func startProcess(cmd *exec.Cmd, death syscall.Signal) (*process, error) {
	cmd.SysProcAttr = attributes(cmd.SysProcAttr, death)
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run starts the program and waits for its end, both on one thread that nothing
// else uses: Linux takes the death of the thread that started a program for that of the
// whole process, and Go ends threads whose goroutine is locked to them and returns.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // that it ended is all that matters; most are killed
	close(p.done)
}

// signal sends a signal and waits for the end of the program, but not longer than the
// limit. It reports whether the program has ended.
func (p *process) signal(signal syscall.Signal, limit time.Duration) bool {
	_ = p.cmd.Process.Signal(signal)
	return p.ended(limit)
}

// ended waits for the end of the program, but not longer than the limit, and reports
// whether it has ended.
func (p *process) ended(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// kill ends the program and all its children at once, and waits until they are gone.
func (p *process) kill() {
	killTree(p.cmd.Process.Pid)
	<-p.done
}

// tail returns the end of a file, for a message.
func tail(path string) string {
	const most = 4 << 10
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return err.Error()
		}
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
