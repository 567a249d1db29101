// Command seed serves API and console over a state that tells a story, for
// tests of the console: no agent, no engine. It prints one line when it is
// ready, "ready URL"; each line on its standard input tells the next step, and
// it answers "told N left M". It ends with its input.
//
//	seed -home DIR -http 127.0.0.1:24001 -password PASSWORD [-told 5]
//
// The users admin, responder, analyst and viewer have that password.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"baize/test/seed/stand"
)

func main() {
	o := stand.Options{Began: time.Now().Add(-15 * time.Minute), Log: os.Stderr}
	flag.StringVar(&o.Home, "home", "", "state directory")
	flag.StringVar(&o.HTTP, "http", "127.0.0.1:0", "address to serve")
	flag.StringVar(&o.Password, "password", "", "password of the users")
	told := flag.Int("told", 1000, "steps told before it is ready")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, *told)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o stand.Options, told int) error {
	s, err := stand.New(ctx, o)
	if err != nil {
		return err
	}
	if err := s.Tell(ctx, told); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	fmt.Println("ready", s.URL())
	go func() {
		follow(ctx, s)
		stop()
	}()
	return s.Run(ctx)
}

// follow tells a step for each line of standard input, until it ends.
func follow(ctx context.Context, s *stand.Stand) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		before := s.Left()
		if err := s.Tell(ctx, 1); err != nil {
			fmt.Fprintln(os.Stderr, "seed:", err)
			return
		}
		fmt.Printf("told %d left %d\n", before-s.Left(), s.Left())
	}
}
