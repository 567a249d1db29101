package cli

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"baize/internal/event"
	"baize/internal/response"
)

// host answers about three processes and notes what it is asked for.
func probesOf(t *testing.T) *[]string {
	t.Helper()
	var asked []string
	process := func(pid uint32, state, container, command string) response.Probe {
		return response.Probe{Process: event.ProcessKey{Host: "h1", Boot: "b1", PID: pid, Start: 70}, Runtime: "jvm", Version: "17", State: state, Container: container, Command: command}
	}
	all := []response.Probe{
		process(7, response.ProbeActive, "", "java -jar /srv/shop/app.jar"), process(8, response.ProbeEligible, "c0ffee11", "java -jar /app/a.jar"),
		process(9, response.ProbeEligible, "", "java -jar /srv/b.jar"), process(10, response.ProbeDiscovered, "c0ffee11", "java -jar /srv/c.jar"),
	}
	all[3].Message = "it runs with -XX:+DisableAttachMechanism"
	answering(t, func(w http.ResponseWriter, r *http.Request) {
		answer := probesAnswer{State: "done", Probes: all}
		if !strings.HasSuffix(r.URL.Path, "/list") {
			var body struct {
				PID   uint32
				Start uint64
			}
			_ = json.NewDecoder(r.Body).Decode(&body)
			asked = append(asked, r.URL.Path[len("/api/v1/hosts/h1/probes/"):]+" "+event.ProcessKey{Host: "h", Boot: "b", PID: body.PID, Start: body.Start}.String())
			answer.Probes = slices.DeleteFunc(slices.Clone(all), func(p response.Probe) bool { return p.Process.PID != body.PID })
			if body.PID == 10 {
				answer.State, answer.Detail, answer.Probes = "failed", "attach_disabled: it runs with …", nil
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"state": answer.State, "detail": answer.Detail, "probes": answer.Probes})
	})
	return &asked
}

func TestProbes(t *testing.T) {
	asked := probesOf(t)
	if text := ran(t, "probe", "list", "--host", "h1"); !strings.Contains(text, "DisableAttachMechanism") || !strings.Contains(text, "c0ffee11") {
		t.Error(text)
	}
	if got := lines[response.Probe](t, ran(t, "probe", "list", "--host", "h1", "--json")); len(got) != 4 || got[0].Process.PID != 7 {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		args []string
		want []string
		exit int
	}{
		{[]string{"attach", "--pid", "9"}, []string{"attach h/b/9/0"}, 0},
		{[]string{"attach", "--pid", "10"}, []string{"attach h/b/10/0"}, exitNo},
		{[]string{"attach", "--container", "c0ffee"}, []string{"attach h/b/8/70"}, 0},
		{[]string{"attach", "--name", "*.jar"}, []string{"attach h/b/8/70", "attach h/b/9/70"}, 0},
		{[]string{"attach", "--name", "*/srv/?.jar"}, []string{"attach h/b/9/70"}, 0},
		{[]string{"attach", "--name", "*shop*"}, nil, exitNo},
		{[]string{"detach", "--name", "*shop*"}, []string{"detach h/b/7/70"}, 0},
		{[]string{"attach"}, nil, exitUsage},
		{[]string{"attach", "--pid", "9", "--name", "x"}, nil, exitUsage},
	} {
		*asked = nil
		_, exit, problem := runBaize(t, "", append(append([]string{"probe"}, c.args...), "--host", "h1")...)
		if exit != c.exit || !slices.Equal(*asked, c.want) {
			t.Errorf("%v: exit %d (%s), asked %v", c.args, exit, problem, *asked)
		}
	}
	if _, exit, problem := runBaize(t, "", "probe", "attach", "--host", "h1", "--pid", "10"); exit != exitNo || !strings.Contains(problem, "attach_disabled") {
		t.Errorf("%d: %s", exit, problem)
	}
}
