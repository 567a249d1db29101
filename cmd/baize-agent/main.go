// Command baize-agent is Baize's program on a monitored host.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"baize/internal/agent"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "baize-agent:", err)
		os.Exit(3)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{Use: "baize-agent", Short: "See, report and act on this host", SilenceUsage: true, SilenceErrors: true}
	cmd.AddCommand(events())
	return cmd
}

func events() *cobra.Command {
	var scope string
	cmd := &cobra.Command{
		Use: "events", Short: "Print this host's events as NDJSON, without a server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := slog.New(slog.NewTextHandler(os.Stderr, nil))
			return agent.Events(cmd.Context(), scope, os.Stdout, log)
		},
	}
	cmd.Flags().StringVar(&scope, "scope", "", "see only this cgroup subtree, as cgroup=PATH")
	return cmd
}
