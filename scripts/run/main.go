// Command run is what make run starts: a server and an agent on this host, in
// the foreground, until Ctrl-C.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"baize/internal/launch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Stdout)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, launch.ErrPrerequisite):
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(3)
	default:
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1)
	}
}

// run starts the stack, says where it is, and waits for the end of ctx.
func run(ctx context.Context, out io.Writer) error {
	opts, err := options()
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(opts.Home, "run.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	opts.Output, opts.Log = logFile, slog.New(slog.NewTextHandler(io.MultiWriter(os.Stderr, logFile), nil))
	stack := launch.New(opts)
	defer stack.Close()
	err = stack.Start(ctx)
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w (the programs' own words are in %s)", err, logFile.Name())
	}
	login, err := stack.Login(ctx)
	if err != nil {
		return err
	}
	password := "(the one you set)"
	if login.Password != "" {
		password = login.Password + "   (good for one login)"
	}
	fmt.Fprintf(out, "\nBaize is running.\n\n  console   %s\n  user      %s\n  password  %s\n  log       %s\n\nCtrl-C stops it.\n",
		login.URL, login.User, password, logFile.Name())
	<-ctx.Done()
	fmt.Fprintln(out, "\nstopping")
	return nil
}

// options are the embedded defaults, moved by the environment.
func options() (launch.Options, error) {
	here, err := os.Getwd()
	if err != nil {
		return launch.Options{}, err
	}
	home, err := filepath.Abs(either(os.Getenv("BAIZE_HOME"), "var"))
	if err != nil {
		return launch.Options{}, err
	}
	opts := launch.Options{
		Bin: filepath.Join(here, "bin"), Home: home,
		HTTP: either(os.Getenv("BAIZE_HTTP"), "127.0.0.1:8443"), GRPC: either(os.Getenv("BAIZE_GRPC"), "127.0.0.1:8444"),
	}
	return opts, launch.MakeHome(home)
}

func either(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}
