// Package launch starts a server and an agent on this machine and keeps both
// running: what make run, the demo and the tests of the whole path share. The
// server runs as an unprivileged user, the agent as root.
package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrPrerequisite reports that this machine or user lacks something; the text
// says what. Programs exit with status 3 on it.
var ErrPrerequisite = errors.New("prerequisite missing")

// Options of a Stack.
type Options struct {
	// Bin is the directory of the three programs.
	Bin string
	// Home is the state directory, see $BAIZE_HOME.
	Home string
	// HTTP and GRPC are the addresses of console and gateway.
	HTTP, GRPC string
	// AgentArgs are further arguments of the agent, for example a scope.
	AgentArgs []string
	// AgentEnv is what agents have in their environment beside the usual, for example
	// where a container runtime listens.
	AgentEnv []string
	// Output receives what the programs write.
	Output io.Writer
	// Log receives what happens to the programs.
	Log *slog.Logger
}

// Stack is a server and an agent of this machine.
type Stack struct {
	Server, Agent *Daemon

	opts                   Options
	stopServer, stopAgents func()
}

// Times within which things must have happened.
const (
	serverPatience = 60 * time.Second
	armedPatience  = 60 * time.Second
)

// New describes a stack; Start starts it.
func New(opts Options) *Stack {
	return &Stack{opts: opts, stopServer: func() {}, stopAgents: func() {}}
}

// Start returns once the agent is connected and its sensor armed. Close ends
// what it started, also after an error.
func (s *Stack) Start(ctx context.Context) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("%w: needs root: the sensor loads BPF programs and the agent acts on the host", ErrPrerequisite)
	}
	account, err := ensureAccount(ctx)
	if err != nil {
		return err
	}
	if err := s.makeHome(account); err != nil {
		return err
	}
	s.Server = NewDaemon("baize-server", s.opts.Log, func() *exec.Cmd { return s.serverCommand(account) })
	s.stopServer = run(s.Server)
	if err := s.waitServer(ctx); err != nil {
		return err
	}
	if s.Agent, err = s.AddAgent(ctx, s.opts.Home, s.opts.AgentArgs...); err != nil {
		return err
	}
	return s.WaitArmed(ctx)
}

// AddAgent enrols and starts an agent with a state directory of its own below
// home. Without arguments that set it apart, such as a scope, it is this machine.
func (s *Stack) AddAgent(ctx context.Context, home string, args ...string) (*Daemon, error) {
	if err := s.enrol(ctx, home, args); err != nil {
		return nil, err
	}
	agent := NewDaemon("baize-agent", s.opts.Log, func() *exec.Cmd { return s.agentCommand(home, args) })
	stop, before := run(agent), s.stopAgents
	s.stopAgents = func() { stop(); before() }
	return agent, nil
}

// run runs a daemon until the returned function is called.
func run(d *Daemon) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	return func() { cancel(); running.Wait() }
}

// Close stops the agents, then the server, and waits for both.
func (s *Stack) Close() {
	s.stopAgents()
	s.stopServer()
}

// environment is what every program of the stack gets, and nothing else.
func (s *Stack) environment(home string) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home, "LANG=C.UTF-8",
		"BAIZE_HOME=" + home, "BAIZE_HTTP=" + s.opts.HTTP, "BAIZE_GRPC=" + s.opts.GRPC,
	}
}

func (s *Stack) agentCommand(home string, args []string) *exec.Cmd {
	command := exec.Command(filepath.Join(s.opts.Bin, "baize-agent"), append([]string{"run"}, args...)...)
	command.Env = append(s.environment(home), s.opts.AgentEnv...)
	s.detach(command)
	return command
}

// detach keeps a terminal's Ctrl-C from reaching the program: it is stopped in
// order instead.
func (s *Stack) detach(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Stdout, command.Stderr = s.opts.Output, s.opts.Output
}

// Home is the state directory.
func (s *Stack) Home() string { return s.opts.Home }

// Baize runs the operator's command line against this stack and returns its
// standard output.
func (s *Stack) Baize(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, filepath.Join(s.opts.Bin, "baize"), args...)
	command.Env = s.environment(s.opts.Home)
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return out, fmt.Errorf("baize %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// WaitArmed waits until an agent is connected with its sensor armed.
func (s *Stack) WaitArmed(ctx context.Context) error {
	_, err := s.Baize(ctx, "status", "--wait", armedPatience.String())
	return err
}

// waitServer waits until the server answers on its local socket.
func (s *Stack) waitServer(ctx context.Context) error {
	deadline := time.Now().Add(serverPatience)
	for {
		err := s.call(ctx, http.MethodGet, "/status", nil, nil)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server does not answer after %v: %w", serverPatience, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
