// Package story plays the incident report against a running Baize and judges
// what the analyst sees of it: the demo and the tests of the whole path tell the
// same story with different endings.
package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"baize/internal/launch"
	"baize/test/console"
	"baize/test/lab"
)

// Options of a Stage.
type Options struct {
	// Bin is the directory of the three programs, Home the state.
	Bin, Home string
	// Name tells the stage's namespaces from others'.
	Name string
	// Beacons is how many seconds a trojan lives.
	Beacons int
	// AgentArgs are further arguments of the agent.
	AgentArgs []string
	// Fleet : the story happens on three hosts within this machine, each with an agent
	// of its own, rather than on the machine itself.
	Fleet bool
	// Output receives what server and agent write.
	Output io.Writer
	Log    *slog.Logger
}

// Stage is a running Baize, a laboratory on the same machine, and somebody who
// watches the console.
type Stage struct {
	*launch.Stack
	Lab     *lab.Lab
	Console *console.Client
	Watch   *Watch
	Login   launch.Login

	opts      Options
	hosts     []lab.Host
	stopWatch context.CancelFunc
	watching  sync.WaitGroup
}

// Open starts all of it, on ports that were free a moment ago. Close ends it,
// also after an error.
func Open(ctx context.Context, opts Options) (*Stage, error) {
	s := &Stage{Watch: newWatch(), stopWatch: func() {}, opts: opts, hosts: lab.Machine()}
	if opts.Fleet {
		var err error
		if s.hosts, err = lab.Fleet(opts.Name); err != nil {
			return s, err
		}
	}
	if err := s.start(ctx); err != nil {
		return s, err
	}
	s.watch()
	var err error
	s.Lab, err = lab.Start(ctx, lab.Options{Name: opts.Name, Beacons: opts.Beacons, Hosts: s.hosts, Docker: s.docker()})
	return s, err
}

// start starts server and agents, and logs in.
func (s *Stage) start(ctx context.Context) error {
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	first := slices.Concat(s.opts.AgentArgs, scope(s.hosts[0]))
	s.Stack = launch.New(launch.Options{
		Bin: s.opts.Bin, Home: s.opts.Home, HTTP: ports[0], GRPC: ports[1], AgentArgs: first, AgentEnv: []string{"DOCKER_HOST=unix://" + s.docker()},
		Output: s.opts.Output, Log: s.opts.Log,
	})
	if err := s.Start(ctx); err != nil {
		return err
	}
	if s.Login, err = s.Stack.Login(ctx); err != nil {
		return err
	}
	if s.Console, err = console.Login(ctx, s.Login.URL, s.Login.User, s.Login.Password); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	for _, h := range s.hosts[1:] {
		if _, err := s.AddAgent(ctx, filepath.Join(s.opts.Home, h.Name), scope(h)...); err != nil {
			return err
		}
	}
	return s.WaitHosts(ctx, len(s.hosts))
}

// scope of a host's agent; of the machine's there is none.
func scope(h lab.Host) []string {
	if h.Group == "" {
		return nil
	}
	return []string{"--scope", "cgroup=" + h.Group, "--name", h.Name}
}

// docker is where a container engine listens, once there is one.
func (s *Stage) docker() string { return filepath.Join(s.opts.Home, "docker.sock") }

// armedPatience is how long hosts may take to be armed.
const armedPatience = time.Minute

// WaitHosts waits until so many hosts are connected with their sensors armed.
func (s *Stage) WaitHosts(ctx context.Context, n int) error {
	for deadline := time.Now().Add(armedPatience); ; {
		hosts, err := s.Console.Hosts(ctx)
		if err != nil {
			return err
		}
		armed := 0
		for _, host := range hosts {
			if host.Armed && host.Connected {
				armed++
			}
		}
		if armed == n {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d hosts are armed: %+v", armed, n, hosts)
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// watch follows the live stream until Close.
func (s *Stage) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stopWatch = cancel
	s.watching.Go(func() { s.Watch.follow(ctx, s.Console) })
}

// Close ends the laboratory first: what it undoes is still seen.
func (s *Stage) Close() error {
	var err error
	if s.Lab != nil {
		err = s.Lab.Close()
	}
	s.stopWatch()
	s.watching.Wait()
	if s.Console != nil {
		s.Console.Close()
	}
	if s.Stack != nil {
		s.Stack.Close()
	}
	return errors.Join(err, lab.Disband(s.opts.Name, s.hosts))
}

// freePorts finds loopback addresses that nobody listens on.
func freePorts(n int) ([]string, error) {
	var addresses []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}

// TempHome makes a state directory that the server's user can walk to.
func TempHome() (string, error) {
	home, err := os.MkdirTemp("", "baize-home-")
	if err != nil {
		return "", err
	}
	return home, os.Chmod(home, 0o755)
}

// Output opens the file below home that receives what the programs write.
func Output(home string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(home, "programs.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, errors.Join(errors.New("open the programs' log"), err)
	}
	return file, nil
}
