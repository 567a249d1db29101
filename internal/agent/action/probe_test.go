package action

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	probed "baize/internal/agent/probe/target"
	"baize/internal/event"
	"baize/internal/response"
)

// attached notes what it is asked for: the probes themselves are tested with
// real VMs, here it is the command.
type attached struct {
	asked  []string
	err    error
	listed response.Probes
}

func (a *attached) Attach(_ context.Context, pid uint32, start uint64) (response.Probe, error) {
	a.asked = append(a.asked, "attach")
	return response.Probe{Process: event.ProcessKey{Host: "h1", Boot: "b1", PID: pid, Start: start}, State: response.ProbeActive}, a.err
}

func (a *attached) Detach(_ context.Context, pid uint32, reason string) (response.Probe, error) {
	a.asked = append(a.asked, "detach "+reason)
	return response.Probe{Process: event.ProcessKey{PID: pid}, State: response.ProbeDetached}, a.err
}

func (a *attached) List(context.Context) (response.Probes, error) { return a.listed, a.err }

func withProbes(t *testing.T, policy string) (*host, *attached) {
	t.Helper()
	h, probes := start(t, t.TempDir()), &attached{}
	h.options.Probes = probes
	h.addProbes()
	if policy != "" {
		if err := os.WriteFile(filepath.Join(h.options.Dir, PolicyFile), []byte(policy), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h, probes
}

func TestProbesNeedTheOwnersLeave(t *testing.T) {
	h, probes := withProbes(t, "")
	pid := map[string]string{"pid": "7"}
	h.expect(t, h.envelope(t, response.ActionProbeAttach, pid), Refused, `does not allow actions of class "probe"`)
	h.expect(t, h.envelope(t, response.ActionProbeDetach, pid), Refused, `does not allow actions of class "probe"`)
	h.expect(t, h.envelope(t, response.ActionProbeList, nil), Done, "probes")
	if len(probes.asked) > 0 {
		t.Errorf("%v", probes.asked)
	}
}

func TestProbeCommands(t *testing.T) {
	h, probes := withProbes(t, "allow: [observe, probe]\n")
	h.expect(t, h.envelope(t, response.ActionProbeAttach, map[string]string{"pid": "7", "start": "70"}), Done, `"process":"h1/b1/7/70"`)
	h.expect(t, h.envelope(t, response.ActionProbeDetach, map[string]string{"pid": "7"}), Done, "detached")
	if len(probes.asked) != 2 || probes.asked[1] != "detach command c" {
		t.Errorf("%v", probes.asked)
	}
	for want, arguments := range map[string]map[string]string{`pid ""`: nil, `pid "0"`: {"pid": "0"}, `pid "-1"`: {"pid": "-1"}, `start "x"`: {"pid": "1", "start": "x"}} {
		h.expect(t, h.envelope(t, response.ActionProbeAttach, arguments), Failed, want)
	}
	probes.err = probed.Fail(probed.AttachDisabled, nil)
	h.expect(t, h.envelope(t, response.ActionProbeAttach, map[string]string{"pid": "7"}), Failed, "attach_disabled: it runs with -XX:+DisableAttachMechanism")
	probes.err = errors.New("other")
	h.expect(t, h.envelope(t, response.ActionProbeList, nil), Failed, "other")
}

// A long list loses its details first, then its end; it stays readable.
func TestALongListOfProbesFits(t *testing.T) {
	h, probes := withProbes(t, "")
	for range 200 {
		probes.listed.Probes = append(probes.listed.Probes, response.Probe{Command: strings.Repeat("x", 300), Hooks: []response.ProbeHook{{Name: "file.open"}}})
	}
	result := h.asked(t, response.ActionProbeList, nil)
	var list response.Probes
	if err := json.Unmarshal([]byte(result.GetDetail()), &list); err != nil {
		t.Fatal(err)
	}
	if n := len(list.Probes); n < 20 || n+list.More != 200 || len(list.Probes[0].Hooks) > 0 {
		t.Errorf("%d, and %d more", n, list.More)
	}
}
