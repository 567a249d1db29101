package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"baize/test/group"
)

// service is the victim: a JVM that runs as an unprivileged user.
type service struct {
	command *exec.Cmd
	done    chan struct{}
	// pid is the service's, which in a container is not the command's.
	pid int
}

// serviceUser exists on every Debian system.
const serviceUser = "www-data"

// Crontab is where the victim's scheduler would look for the service's jobs. It
// is on a file system of the victim's own, which no scheduler sees.
const Crontab = "/var/spool/cron/crontabs/" + serviceUser

func startService(ctx context.Context, dir string, h Host, namespace string, labels *recorder) (*service, error) {
	line := command(namespace, "sh", "-c", h.furnished(), "sh", "setpriv", "--reuid", serviceUser, "--regid", serviceUser, "--clear-groups",
		"--no-new-privs", java("java"), "-Xmx64m", "-XX:+UseSerialGC", "-cp", dir, "LookupService", h.Address, servicePort)
	line, err := group.Within(h.Group, "lookup", line...)
	if err != nil {
		return nil, err
	}
	s, err := launch(ctx, filepath.Join(dir, h.Name+".log"), line, labels)
	if s != nil {
		s.pid = s.command.Process.Pid // each of the programs becomes the next
	}
	return s, err
}

// launch starts a service and waits until it says that it listens.
func launch(ctx context.Context, log string, line []string, labels *recorder) (*service, error) {
	s := &service{command: exec.Command(line[0], line[1:]...), done: make(chan struct{})}
	s.command.Dir = "/"
	// A service of its own: no terminal, no session of the one who started it.
	s.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	logFile, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	s.command.Stderr = logFile
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start the web service: %w", err)
	}
	listening := make(chan struct{})
	go s.read(stdout, labels, listening)
	select {
	case <-listening:
		return s, nil
	case <-s.done:
		text, _ := os.ReadFile(logFile.Name())
		return s, fmt.Errorf("the web service ended at once: %s", text)
	case <-time.After(time.Minute):
		return s, errors.New("the web service does not listen after a minute")
	case <-ctx.Done():
		return s, ctx.Err()
	}
}

// read follows the service's output until it ends, and reaps it.
func (s *service) read(stdout io.Reader, labels *recorder, listening chan<- struct{}) {
	defer close(s.done)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if lines.Text() == "listening" {
			close(listening)
		} else if text, found := strings.CutPrefix(lines.Text(), "shell "); found {
			if pid, err := strconv.Atoi(text); err == nil {
				labels.addShell(pid)
			}
		}
	}
	_ = s.command.Wait() // the exit status of a stopped service says nothing
}

func (s *service) stop() error {
	return end(s.command.Process, s.done)
}

// end asks a process to go, then insists.
func end(process *os.Process, done <-chan struct{}) error {
	if err := process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-done:
		return nil
	case <-time.After(5 * time.Second):
	}
	if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-done
	return nil
}
