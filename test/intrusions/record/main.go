// Command record stages the intrusions of the labelled set and records each one
// with the project's own sensor.
//
//	record [-agent PROGRAM] [-only NAME,NAME] DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"baize/test/intrusions"
	"baize/test/intrusions/shapes"
	"baize/test/intrusions/stage"
)

func main() {
	agent := flag.String("agent", "", "record with this `PROGRAM` instead of one built from these sources")
	only := flag.String("only", "", "record these `NAMES` only, comma-separated")
	flag.Parse()
	if flag.NArg() != 1 || os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "record: wants one DIR, and root")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := recordAll(ctx, flag.Arg(0), *agent, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func recordAll(ctx context.Context, dir, agent, only string) error {
	work, err := os.MkdirTemp("/var/lib", "baize-intrusions-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	kit, err := stage.Build(ctx, work, agent)
	if err != nil {
		return err
	}
	var all []error
	for _, shape := range shapes.All {
		if only != "" && !slices.Contains(strings.Split(only, ","), shape.Name) {
			continue
		}
		began := time.Now()
		n, err := recordOne(ctx, dir, kit, shape)
		if err != nil {
			all = append(all, fmt.Errorf("%s: %w", shape.Name, err))
			fmt.Println(shape.Name, "failed:", err)
			continue
		}
		fmt.Printf("%-22s %5d events in %v\n", shape.Name, n, time.Since(began).Round(time.Second))
	}
	return errors.Join(all...)
}

// recordOne plays one shape and writes its files.
func recordOne(ctx context.Context, dir string, kit *stage.Kit, shape shapes.Shape) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	shape.Options.Kit = kit
	s, err := stage.Open(ctx, shape.Options)
	defer func() { err = errors.Join(err, s.Close()) }()
	if err != nil {
		return 0, err
	}
	if err := s.Work(ctx); err != nil {
		return 0, err
	}
	began := time.Now().UTC()
	if err := amid(ctx, s, shape); err != nil {
		return 0, err
	}
	events, labels, err := s.Finish(ctx)
	if err != nil {
		return 0, err
	}
	labels.Name, labels.About, labels.Recorded, labels.Began = shape.Name, shape.About, began, began
	return len(events), intrusions.Write(dir, events, &labels)
}

// amid plays a shape while the ordinary work goes on.
func amid(ctx context.Context, s *stage.Stage, shape shapes.Shape) error {
	working, rest := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.WorkOn(working) }()
	err := shape.Play(ctx, s)
	rest()
	return errors.Join(err, <-done)
}
