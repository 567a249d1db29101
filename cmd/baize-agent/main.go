// Command baize-agent is Baize's program on a monitored host.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"baize/internal/agent"
)

// Exit statuses, as the operator's command line has them.
const (
	exitUsage        = 2
	exitPrerequisite = 3
)

// errUsage reports a command line that cannot be understood.
var errUsage = errors.New("wrong usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "baize-agent:", err)
	if errors.Is(err, errUsage) {
		os.Exit(exitUsage)
	}
	os.Exit(exitPrerequisite)
}

// settings are the flags that the commands share.
type settings struct {
	server, state, token, name, scope, logs string
}

func root() *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use: "baize-agent", Short: "See and report what happens on this host, and act on it when told to",
		Version: agent.Version, SilenceUsage: true, SilenceErrors: true, Args: noArguments, RunE: s.run,
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	flags := cmd.PersistentFlags()
	flags.StringVar(&s.server, "server", os.Getenv("BAIZE_GRPC"), "address of the server's agent port, HOST:PORT ($BAIZE_GRPC)")
	flags.StringVar(&s.state, "state", defaultState(), "directory of identity, spool and policy")
	flags.StringVar(&s.token, "token", os.Getenv("BAIZE_ENROL_TOKEN"), "enrolment token, for a host without identity ($BAIZE_ENROL_TOKEN)")
	flags.StringVar(&s.name, "name", "", "name shown to people (default: the node name)")
	flags.StringVar(&s.scope, "scope", "", "see and touch only this cgroup v2 subtree: cgroup=PATH")
	cmd.AddCommand(
		&cobra.Command{Use: "run", Short: "Run the agent (the default)", Args: noArguments, RunE: s.run},
		&cobra.Command{Use: "enrol", Aliases: []string{"enroll"}, Short: "Get this host its identity and exit", Args: noArguments, RunE: s.enrol},
		s.eventsCommand(),
	)
	return cmd
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: unknown command %q", errUsage, args[0])
	}
	return nil
}

func defaultState() string {
	home := os.Getenv("BAIZE_HOME")
	if home == "" {
		home = "var"
	}
	return filepath.Join(home, "agent")
}

func (s *settings) options() (agent.Options, error) {
	scope, err := s.cgroup()
	return agent.Options{
		State: s.state, Server: s.server, Token: s.token, Name: s.name, Scope: scope,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}, err
}

func (s *settings) cgroup() (string, error) {
	if s.scope == "" {
		return "", nil
	}
	path, found := strings.CutPrefix(s.scope, "cgroup=")
	if !found || path == "" {
		return "", fmt.Errorf("%w: --scope %q: want cgroup=PATH", errUsage, s.scope)
	}
	return path, nil
}

func (s *settings) run(cmd *cobra.Command, _ []string) error {
	o, err := s.options()
	if err != nil {
		return err
	}
	return agent.Run(cmd.Context(), o)
}

func (s *settings) enrol(cmd *cobra.Command, _ []string) error {
	o, err := s.options()
	if err != nil {
		return err
	}
	id, err := agent.Enrol(cmd.Context(), o)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "enrolled as %s/%s\n", id.Name.Org, id.Name.Host)
	return nil
}

func (s *settings) eventsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "events", Short: "Print this host's events as NDJSON, without a server", Args: noArguments, RunE: s.events}
	cmd.Flags().StringVar(&s.logs, "logs", "", "read the logs that `FILE` names, in the form of logs.yaml, instead of the usual ones")
	return cmd
}

func (s *settings) events(cmd *cobra.Command, _ []string) error {
	scope, err := s.cgroup()
	if err != nil {
		return err
	}
	return agent.Events(cmd.Context(), scope, s.logs, cmd.OutOrStdout(), slog.New(slog.NewTextHandler(os.Stderr, nil)))
}
