package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"baize/internal/event"
	"baize/internal/server/api"
	"baize/internal/server/bus"
	"baize/internal/server/ca"
	"baize/internal/server/gateway"
	"baize/internal/server/respond"
	"baize/internal/server/state"
	baizev1 "baize/proto/baize/v1"
)

// fleet is the hosts as the API sees them: what state keeps of them, whom the
// gateway has a session with, and what the responder may ask of them.
type fleet struct {
	state     *state.DB
	gateway   *gateway.Gateway
	responder *respond.Responder
	registrar *ca.Registrar
}

// Hosts implements api.Fleet.
func (f *fleet) Hosts(ctx context.Context, after string, limit int) ([]api.Host, error) {
	all, err := f.state.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b state.Host) int { return cmp.Compare(a.ID, b.ID) })
	first, found := slices.BinarySearchFunc(all, after, func(h state.Host, id string) int { return cmp.Compare(h.ID, id) })
	if found {
		first++
	}
	page := make([]api.Host, 0, min(limit, len(all)-first))
	for _, h := range all[first:min(first+limit, len(all))] {
		page = append(page, f.show(&h))
	}
	return page, nil
}

// Host implements api.Fleet.
func (f *fleet) Host(ctx context.Context, id string) (api.Host, error) {
	h, err := f.state.Host(ctx, id)
	if err != nil {
		return api.Host{}, err
	}
	return f.show(&h), nil
}

// show is what is on record of h, with the session as it is this moment: of a
// host without one nobody can say that its sensor is armed.
func (f *fleet) show(h *state.Host) api.Host {
	beat, connected := h.Health, f.gateway.Connected(h.ID)
	return api.Host{
		ID: h.ID, Name: h.Name, Org: h.Org, Connected: connected, LastSeen: h.LastSeen, Enrolled: h.Enrolled,
		Version: h.Version, Kernel: h.Kernel, Boot: h.Boot, Tier: beat.GetTier(), Armed: connected && beat.GetArmed(), Scope: beat.GetScope(),
		SpoolBytes: beat.GetSpoolBytes(), RSSBytes: beat.GetRssBytes(), CPUSeconds: beat.GetCpuSeconds(), Processes: beat.GetProcesses(),
		Revoked: h.Revoked, Classes: classes(beat), Hooks: hooks(beat),
	}
}

func classes(beat *baizev1.Heartbeat) []api.Class {
	found := []api.Class{}
	for _, c := range beat.GetClasses() {
		found = append(found, api.Class{Class: c.GetClass(), State: c.GetState(), Seen: c.GetSeen(), Lost: c.GetLost()})
	}
	return found
}

func hooks(beat *baizev1.Heartbeat) []api.Hook {
	found := []api.Hook{}
	for _, h := range beat.GetHooks() {
		found = append(found, api.Hook{Name: h.GetName(), Attached: h.GetAttached(), Error: h.GetError()})
	}
	return found
}

// Ping implements api.Fleet.
func (f *fleet) Ping(ctx context.Context, id, by string) (api.Result, error) {
	r, err := f.responder.Ping(ctx, id, by)
	return resultOf(r), unreachable(id, err)
}

// Stat implements api.Fleet.
func (f *fleet) Stat(ctx context.Context, id, by string, arguments map[string]string) (api.Result, error) {
	r, err := f.responder.Stat(ctx, id, by, arguments)
	return resultOf(r), unreachable(id, err)
}

// Do implements api.Fleet.
func (f *fleet) Do(ctx context.Context, id, by, action string, arguments map[string]string, wait time.Duration) (api.Result, error) {
	r, err := f.responder.Order(ctx, respond.Order{Host: id, Approver: by, Action: action, Arguments: arguments, Wait: wait})
	return resultOf(r), unreachable(id, err)
}

func resultOf(r respond.Result) api.Result {
	return api.Result{ID: r.Command, State: r.State, Detail: r.Detail, Milliseconds: float64(r.Took) / float64(time.Millisecond)}
}

// unreachable says what the responder's errors mean to the API.
func unreachable(host string, err error) error {
	if errors.Is(err, respond.ErrNoAnswer) {
		return fmt.Errorf("host %s: %w", host, context.DeadlineExceeded)
	}
	return away(host, err)
}

// away says that a host cannot be asked now.
func away(host string, err error) error {
	if errors.Is(err, gateway.ErrNotConnected) || errors.Is(err, gateway.ErrBusy) {
		return fmt.Errorf("host %s: %w", host, api.ErrUnreachable)
	}
	return err
}

// Revoke implements api.Fleet.
func (f *fleet) Revoke(ctx context.Context, id, _ string) error { return f.gateway.Revoke(ctx, id) }

// EnrolToken implements api.Fleet.
func (f *fleet) EnrolToken(ctx context.Context, org string, uses int, life time.Duration) (string, error) {
	return f.registrar.NewToken(ctx, org, uses, life)
}

// engineLog is the bus as the API reads it.
type engineLog struct {
	bus *bus.Bus
	// before is what retention cut off that judges the rest.
	before func(ctx context.Context, after uint64) ([]*event.Event, error)
}

// Read implements api.Log.
func (l engineLog) Read(ctx context.Context, each func(*event.Event) error) error {
	events, err := l.before(ctx, 0)
	if err != nil {
		return err
	}
	for _, ev := range events {
		if err := each(ev); err != nil {
			return err
		}
	}
	return l.bus.Read(ctx, 0, each)
}

// Last implements api.Log.
func (l engineLog) Last(ctx context.Context) (uint64, error) {
	stats, err := l.bus.Stats(ctx)
	return stats.Last, err
}

// History implements api.Log.
func (l engineLog) History(ctx context.Context, s bus.Span, do func(*event.Event) bool) (earlier, cut bool, err error) {
	return l.bus.History(ctx, s, do)
}

// Around implements api.Log.
func (l engineLog) Around(ctx context.Context, place bus.Place) (bus.Near, error) {
	return l.bus.Around(ctx, place)
}
