package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// daemon is a program that was started here and is ended by its pid.
type daemon struct {
	command *exec.Cmd
	said    bytes.Buffer
}

func startDaemon(name string, args ...string) (*daemon, error) {
	d := &daemon{command: exec.Command(name, args...)}
	d.command.Stdout, d.command.Stderr = &d.said, &d.said
	d.command.Env = []string{"PATH=" + os.Getenv("PATH")}
	if err := d.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return d, nil
}

func (d *daemon) pid() int { return d.command.Process.Pid }

// end asks it to stop, and kills it if it does not.
func (d *daemon) end() {
	_ = d.command.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(10*time.Second, func() { _ = d.command.Process.Kill() })
	defer late.Stop()
	_ = d.command.Wait()
}

var errLate = errors.New("not in time")

// eventually polls for something that must come true.
func eventually(what string, holds func() bool) error {
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: %w", what, errLate)
		}
	}
	return nil
}

// output runs a program to its end.
func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return string(out), nil
}
