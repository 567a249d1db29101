package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"baize/internal/event"
	"baize/test/intrusions"
	"baize/test/intrusions/stage"
)

// Names of the hosts.
const (
	web1    = "web-1"
	web2    = "web-2"
	app1    = "app-1"
	db1     = "db-1"
	ci1     = "ci-1"
	bastion = "bastion-1"
)

// hosts of the fleet, in the order in which they are started.
var hosts = []stage.HostOptions{
	{Name: web1, Address: "10.203.0.2", Service: true, Scheduler: true},
	{Name: db1, Address: "10.203.0.3"},
	{Name: web2, Address: "10.203.0.4", Service: true, Careless: true},
	{Name: app1, Address: "10.203.0.5", Service: true, Contained: true},
	{Name: ci1, Address: "10.203.0.6", Key: "deploy"},
	{Name: bastion, Address: "10.203.0.7", Key: "admin"},
}

// nat is the address of many: customers and intruders.
const nat = "203.0.113.100"

// pools of outer addresses. No two intruders draw the same of these.
var (
	sources = outer("203.0.113.%d", 110, 24)
	drops   = outer("198.51.100.%d", 110, 16)
	c2s     = outer("198.51.100.%d:443", 140, 16)
)

func outer(format string, from, n int) []string {
	list := make([]string, n)
	for k := range list {
		list[k] = fmt.Sprintf(format, from+k)
	}
	return list
}

// Fleet is a running one.
type Fleet struct {
	*stage.Stage

	seed uint64
	rng  *rand.Rand
	cast []*actor
	// workers counts those who are named in the labels.
	workers atomic.Int64
}

// Build adds what the fleet needs to a kit: a tool for each C2.
func Build(ctx context.Context, kit *stage.Kit) error {
	for k, c2 := range c2s {
		if err := kit.Trojan(ctx, tool(k), c2, 1); err != nil {
			return err
		}
	}
	return nil
}

// tool is the download that calls the k-th C2.
func tool(k int) string { return fmt.Sprintf("tool-%d", k) }

// Open starts the hosts and casts the intruders of a seed. Close ends it, also after
// an error.
func Open(ctx context.Context, kit *stage.Kit, seed uint64) (*Fleet, error) {
	f := &Fleet{seed: seed, rng: rand.New(rand.NewPCG(seed, 0x62616965))}
	names := map[string]string{"registry.corp.example": stage.Releases, "updates.corp.example": stage.Releases}
	for n := range drops {
		names[domain(n)] = drops[n]
	}
	var err error
	f.Stage, err = stage.Open(ctx, stage.Options{
		Kit: kit, Hosts: hosts, C2: c2s, Outer: slices.Concat([]string{nat}, sources, drops), Names: names,
	})
	if err != nil {
		return f, err
	}
	return f, f.casting(kit)
}

// domain is the name of the k-th server of tools.
func domain(k int) string { return fmt.Sprintf("cdn-%c%d.example", 'a'+k, 17*k+3) }

// Play lets a day of ordinary work pass, then plays all intruders at once while the
// work goes on. It returns what the sensors saw, and the labels.
func (f *Fleet) Play(ctx context.Context) ([]*event.Event, intrusions.Labels, error) {
	var none intrusions.Labels
	if err := f.day(ctx); err != nil {
		return nil, none, err
	}
	if err := f.Advance(ctx, 26*time.Hour); err != nil {
		return nil, none, err
	}
	began := time.Now().UTC()
	if err := f.amid(ctx); err != nil {
		return nil, none, err
	}
	events, labels, err := f.Finish(ctx)
	labels.Name, labels.Recorded, labels.Began = fmt.Sprintf("seed-%02d", f.seed), began, began
	labels.About = f.about()
	return events, labels, err
}

// amid plays all intruders at once while the ordinary work goes on.
func (f *Fleet) amid(ctx context.Context) error {
	working, rest := context.WithCancel(ctx)
	worked := make(chan error, 1)
	go func() { worked <- f.work(working) }()
	played := make(chan error, len(f.cast))
	for _, a := range f.cast {
		go func() { played <- a.perform(ctx) }()
	}
	var all []error
	for range f.cast {
		all = append(all, <-played)
	}
	rest()
	return errors.Join(append(all, <-worked)...)
}

// together does several things at once.
func together(jobs ...func() error) error {
	done := make(chan error, len(jobs))
	for _, job := range jobs {
		go func() { done <- job() }()
	}
	var all []error
	for range jobs {
		all = append(all, <-done)
	}
	return errors.Join(all...)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
