// Command record plays the fleet of the laboratory for some seeds and records each
// one with the project's own sensor.
//
//	record [-seeds N] [-from N] [-agent PROGRAM] DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"baize/test/intrusions"
	"baize/test/intrusions/stage"
	"baize/test/lab/fleet"
)

func main() {
	agent := flag.String("agent", "", "record with this `PROGRAM` instead of one built from these sources")
	seeds := flag.Uint64("seeds", 20, "how many")
	from := flag.Uint64("from", 1, "the first")
	flag.Parse()
	if flag.NArg() != 1 || os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "record: wants one DIR, and root")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := recordAll(ctx, flag.Arg(0), *agent, *from, *from+*seeds)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func recordAll(ctx context.Context, dir, agent string, from, to uint64) error {
	work, err := os.MkdirTemp("/var/lib", "baize-fleet-")
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
	if err := fleet.Build(ctx, kit); err != nil {
		return err
	}
	var all []error
	for seed := from; seed < to && ctx.Err() == nil; seed++ {
		began := time.Now()
		if err := recordOne(ctx, dir, kit, seed); err != nil {
			all = append(all, fmt.Errorf("seed %d: %w", seed, err))
			fmt.Println("seed", seed, "failed:", err)
			continue
		}
		fmt.Printf("seed %d in %v\n", seed, time.Since(began).Round(time.Second))
	}
	return errors.Join(all...)
}

// recordOne plays one seed and writes its files.
func recordOne(ctx context.Context, dir string, kit *stage.Kit, seed uint64) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	f, err := fleet.Open(ctx, kit, seed)
	defer func() { err = errors.Join(err, f.Close()) }()
	if err != nil {
		return err
	}
	events, labels, err := f.Play(ctx)
	if err != nil {
		return err
	}
	return intrusions.Write(dir, events, &labels)
}
