package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"baize/internal/server/app"
	"baize/internal/version"
)

// usageError is an error of how the program was called.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// command is the program's command line. Flags win over the environment.
func command() *cobra.Command {
	config := app.Config{Retention: app.DefaultRetention, Version: version.Version}
	cmd := &cobra.Command{
		Use:           "baize-server",
		Short:         "Run the Baize server",
		Version:       version.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return &usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), config, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	flags := cmd.Flags()
	flags.StringVar(&config.Home, "home", environment("BAIZE_HOME", "var"), "state directory ($BAIZE_HOME)")
	flags.StringVar(&config.HTTP, "http", environment("BAIZE_HTTP", "127.0.0.1:8443"), "address of console and API ($BAIZE_HTTP)")
	flags.StringVar(&config.GRPC, "grpc", environment("BAIZE_GRPC", "127.0.0.1:8444"), "address of the agents' gateway ($BAIZE_GRPC)")
	flags.StringSliceVar(&config.Names, "name", nil, "further name or address that the server is reached by")
	flags.IntVar(&config.MaxSessions, "max-hosts", 20_000, "most hosts that are connected at once")
	flags.DurationVar(&config.Retention.LogAge, "log-age", config.Retention.LogAge, "how long telemetry is kept")
	flags.Int64Var(&config.Retention.LogBytes, "log-bytes", config.Retention.LogBytes, "how many bytes of telemetry are kept")
	flags.DurationVar(&config.Retention.Audit, "audit-age", config.Retention.Audit, "how long the audit log is kept")
	flags.Int64Var(&config.Retention.BlobBytes, "blob-bytes", config.Retention.BlobBytes, "how many bytes of evidence each host may leave")
	flags.Int64Var(&config.Retention.EvidenceBytes, "evidence-bytes", config.Retention.EvidenceBytes, "how many bytes of evidence are kept of all hosts")
	return cmd
}

func environment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func run(ctx context.Context, config app.Config, out, log io.Writer) error {
	config.Logger = slog.New(slog.NewTextHandler(log, nil))
	if err := app.RefuseRoot(os.Geteuid()); err != nil {
		return err
	}
	server, err := app.Open(ctx, config)
	if err != nil {
		return err
	}
	greet(out, server.Welcome())
	err = server.Run(ctx)
	if failed := server.Close(); err == nil {
		err = failed
	}
	return err
}

// greet prints what a person needs for the first visit. The password is
// printed once, at the first start, and is good for one login.
func greet(out io.Writer, w app.Welcome) {
	fmt.Fprintf(out, "console   %s\nuser      %s\n", w.URL, w.User)
	switch {
	case w.Password != "":
		fmt.Fprintf(out, "password  %s   (good for one login)\n", w.Password)
	case !w.PasswordSet:
		fmt.Fprintf(out, "password  none is set; for another login run: baize users one-time %s\n", w.User)
	}
	fmt.Fprintf(out, "authority sha256:%s\n", w.Pin)
}
