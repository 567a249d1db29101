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
	"sync"

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

	stopWatch context.CancelFunc
	watching  sync.WaitGroup
}

// Open starts all of it, on ports that were free a moment ago. Close ends it,
// also after an error.
func Open(ctx context.Context, opts Options) (*Stage, error) {
	s := &Stage{Watch: newWatch(), stopWatch: func() {}}
	ports, err := freePorts(2)
	if err != nil {
		return s, err
	}
	s.Stack = launch.New(launch.Options{
		Bin: opts.Bin, Home: opts.Home, HTTP: ports[0], GRPC: ports[1], AgentArgs: opts.AgentArgs, Output: opts.Output, Log: opts.Log,
	})
	if err := s.Start(ctx); err != nil {
		return s, err
	}
	if s.Login, err = s.Stack.Login(ctx); err != nil {
		return s, err
	}
	if s.Console, err = console.Login(ctx, s.Login.URL, s.Login.User, s.Login.Password); err != nil {
		return s, fmt.Errorf("log in: %w", err)
	}
	s.watch()
	s.Lab, err = lab.Start(ctx, lab.Options{Name: opts.Name, Beacons: opts.Beacons})
	return s, err
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
	return err
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
