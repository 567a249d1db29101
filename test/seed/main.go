// Command seed serves API and console over a state that tells a story, for
// tests of the console: no agent, no engine. It prints one line when it is
// ready, "ready URL"; each line on its standard input tells the next step, and
// it answers "told N left M". It ends with its input.
//
//	seed -home DIR -http 127.0.0.1:24001 -password PASSWORD [-told 5]
//
// The users admin, analyst and viewer have that password.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"baize/internal/server/api"
	"baize/internal/server/console"
	"baize/internal/server/secret"
	"baize/internal/server/state"
	"baize/test/seed/story"
)

type options struct {
	home, http, password string
	told                 int
}

func main() {
	var o options
	flag.StringVar(&o.home, "home", "", "state directory")
	flag.StringVar(&o.http, "http", "127.0.0.1:0", "address to serve")
	flag.StringVar(&o.password, "password", "", "password of the users")
	flag.IntVar(&o.told, "told", 1000, "steps told before it is ready")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir := filepath.Join(o.home, "server")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	db, err := state.Open(ctx, filepath.Join(dir, "state.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := addUsers(ctx, db, o.password); err != nil {
		return err
	}
	teller, err := story.New(ctx, db, time.Now().Add(-15*time.Minute))
	if err != nil {
		return err
	}
	if err := teller.Tell(ctx, o.told); err != nil {
		return err
	}
	return serve(ctx, o, db, teller)
}

func addUsers(ctx context.Context, db *state.DB, password string) error {
	hash, err := secret.Hash(password)
	if err != nil {
		return err
	}
	for name, role := range map[string]api.Role{"admin": api.Admin, "analyst": api.Analyst, "viewer": api.Viewer} {
		err := db.AddUser(ctx, state.User{Name: name, Org: "default", Role: string(role), Password: hash})
		if err != nil && !errors.Is(err, state.ErrExists) {
			return err
		}
	}
	return nil
}

func serve(ctx context.Context, o options, db *state.DB, teller *story.Teller) error {
	page, err := console.Handler()
	if err != nil {
		return err
	}
	config, err := certificate()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.http)
	if err != nil {
		return err
	}
	server := api.New(api.Config{
		State: db, Fleet: fleet{}, Log: emptyLog{}, Console: page, Version: "seed",
		Metrics: prometheus.NewRegistry(), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener, config, filepath.Join(o.home, "server", "api.sock")) }()
	fmt.Printf("ready https://%s/\n", listener.Addr())
	go func() {
		follow(ctx, teller)
		stop()
	}()
	return <-done
}

// follow tells a step for each line of standard input, until it ends.
func follow(ctx context.Context, teller *story.Teller) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		before := teller.Left()
		if err := teller.Tell(ctx, 1); err != nil {
			fmt.Fprintln(os.Stderr, "seed:", err)
			return
		}
		fmt.Printf("told %d left %d\n", before-teller.Left(), teller.Left())
	}
}
