package sensor

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

const (
	stop   = syscall.SIGSTOP
	resume = syscall.SIGCONT
)

// watchItself is an agent as far as the sensor goes: it prints what is told of
// tampering until it is killed.
func watchItself([]string) error {
	s, err := Open(Options{})
	if err != nil {
		return err
	}
	armed := false
	return s.Run(context.Background(), func(batch []Record) {
		if !armed {
			armed = true
			fmt.Println("armed")
		}
		for _, r := range batch {
			if r.Kind == event.SensorTamper {
				fmt.Println(r.Message)
			}
		}
	})
}

// seize traces a process, without stopping it, until either ends. A traced thread
// that gets a signal stands still until its tracer lets it go on, and the runtime
// signals its own threads.
func seize(args []string) error {
	runtime.LockOSThread()
	pid := number(args[0])
	if _, _, errno := syscall.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0); errno != 0 {
		return errno
	}
	for {
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err != nil || !status.Stopped() {
			return err
		}
		signal := int(status.StopSignal())
		if status>>16 != 0 {
			signal = 0 // a stop of ptrace's own
		}
		if err := unix.PtraceCont(pid, signal); err != nil {
			return err
		}
	}
}

// release lets the helper act.
func (h *helper) release() {
	h.t.Helper()
	if _, err := h.in.Write([]byte{'\n'}); err != nil {
		h.t.Fatal(err)
	}
}

// expect waits for a line of the helper.
func (h *helper) expect(part string) {
	h.t.Helper()
	late := time.AfterFunc(patience, func() { _ = h.cmd.Process.Kill() })
	defer late.Stop()
	for {
		line, err := h.out.ReadString('\n')
		if err != nil {
			h.t.Fatalf("no line with %q: %v", part, err)
		}
		if strings.Contains(line, part) {
			return
		}
	}
}

func (h *helper) signal(s os.Signal) {
	h.t.Helper()
	if err := h.cmd.Process.Signal(s); err != nil {
		h.t.Fatal(err)
	}
}

// kill ends the helper.
func (h *helper) kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
}
