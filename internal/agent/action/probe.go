package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	probed "baize/internal/agent/probe/target"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// Probes puts probes into applications: a *probe.Manager.
type Probes interface {
	Attach(ctx context.Context, pid uint32, start uint64) (response.Probe, error)
	Detach(ctx context.Context, pid uint32, reason string) (response.Probe, error)
	List(ctx context.Context) (response.Probes, error)
}

// addProbes adds the actions about probes. Those that change an application
// share a lane: one at a time on a host.
func (x *Executor) addProbes() {
	if x.options.Probes == nil {
		return
	}
	change := newLane()
	x.actions[response.ActionProbeList] = action{class: Observe, limit: time.Minute, lane: newLane(), run: x.listProbes}
	x.actions[response.ActionProbeAttach] = action{class: Probe, limit: 2 * time.Minute, lane: change, run: x.attachProbe}
	x.actions[response.ActionProbeDetach] = action{class: Probe, limit: time.Minute, lane: change, run: x.detachProbe}
}

func (x *Executor) attachProbe(ctx context.Context, command *baizev1.Command) (string, error) {
	pid, err := numberOf(command, response.ArgPID, 32)
	if err != nil {
		return "", err
	}
	start, err := numberOf(command, response.ArgStart, 64)
	if err != nil {
		return "", err
	}
	return probeAnswer(x.options.Probes.Attach(ctx, uint32(pid), start))
}

func (x *Executor) detachProbe(ctx context.Context, command *baizev1.Command) (string, error) {
	pid, err := numberOf(command, response.ArgPID, 32)
	if err != nil {
		return "", err
	}
	return probeAnswer(x.options.Probes.Detach(ctx, uint32(pid), "command "+command.GetId()))
}

// numberOf is an argument that is a number; the start alone may be missing.
func numberOf(command *baizev1.Command, name string, bits int) (uint64, error) {
	text := command.GetArguments()[name]
	if text == "" && name == response.ArgStart {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil || n == 0 && name == response.ArgPID {
		return 0, fmt.Errorf("%s %q is not a number that one can have", name, text)
	}
	return n, nil
}

// probeAnswer is the one process; a failure begins with its reason's word.
func probeAnswer(view response.Probe, err error) (string, error) {
	var failure *probed.Error
	if errors.As(err, &failure) {
		return "", fmt.Errorf("%s: %w", failure.Reason, err)
	}
	if err != nil {
		return "", err
	}
	return fit(response.Probes{Probes: []response.Probe{view}})
}

func (x *Executor) listProbes(ctx context.Context, _ *baizev1.Command) (string, error) {
	list, err := x.options.Probes.List(ctx)
	if err != nil {
		return "", err
	}
	return fit(list)
}

// fit leaves out hooks, and then processes, until a result holds the rest.
func fit(list response.Probes) (string, error) {
	for {
		text, err := json.Marshal(&list)
		if err != nil || len(text) <= maxDetail {
			return string(text), err
		}
		if !dropHooks(list.Probes) {
			half := len(list.Probes) / 2
			list.More += len(list.Probes) - half
			list.Probes = list.Probes[:half]
		}
	}
}

func dropHooks(list []response.Probe) (dropped bool) {
	for i := range list {
		dropped = dropped || len(list[i].Hooks) > 0
		list[i].Hooks = nil
	}
	return dropped
}
