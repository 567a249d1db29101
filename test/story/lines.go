package story

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/test/lab"
)

// States of a line.
const (
	Pass   = "PASS"
	Fail   = "FAIL"
	Absent = "ABSENT"
)

// Line is one of the 18 of the report, and whether the analyst sees it.
type Line struct {
	Line     int    `json:"line"`
	State    string `json:"state"`
	Evidence string `json:"evidence"`
}

// verdict collects evidence, and objections that make it a failure.
type verdict struct{ evidence, objections []string }

func (v *verdict) note(format string, args ...any) {
	v.evidence = append(v.evidence, fmt.Sprintf(format, args...))
}

func (v *verdict) check(holds bool, format string, args ...any) {
	if !holds {
		v.objections = append(v.objections, fmt.Sprintf(format, args...))
	}
}

func (v *verdict) line(n int) Line {
	if len(v.objections) > 0 {
		return Line{Line: n, State: Fail, Evidence: strings.Join(v.objections, "; ")}
	}
	return Line{Line: n, State: Pass, Evidence: strings.Join(v.evidence, "; ")}
}

// built judges the lines that exist.
var built = map[int]func(*Facts, *verdict){
	1: shellLine, 2: filelessLine, 3: masqueradeLine, 4: c2Line, 5: incidentLine, 6: pageLine, 7: secondLine, 8: containerLine, 9: chainLine, 10: answersLine,
	11: responseLine, 13: attachLine, 14: stackLine, 15: hashLine,
}

// elsewhere are the lines of the other hosts.
var elsewhere = map[int]bool{7: true, 8: true}

// afterwards are the lines that the aftermath shows.
var afterwards = map[int]bool{9: true, 10: true}

// absent says what is missing for the others.
var absent = map[int]string{
	12: "the cleaner is not built",
	16: "hosts reached and files read by a stack are not listed",
	17: "hot patches are not built",
	18: "one machine with embedded defaults works; cluster and unprivileged mode are not built",
}

// inside are the lines that the probes show.
var inside = map[int]bool{13: true, 14: true, 15: true}

// Judge returns all 18 lines, but those of what was not played, and of hosts that
// there are not.
func (f *Facts) Judge() []Line {
	var lines []Line
	for n := 1; n <= 18; n++ {
		judge := built[n]
		if !f.played(n) {
			continue
		}
		if judge == nil {
			lines = append(lines, Line{Line: n, State: Absent, Evidence: absent[n]})
			continue
		}
		var v verdict
		judge(f, &v)
		lines = append(lines, v.line(n))
	}
	return lines
}

// played says whether the part of the story was played that a line judges.
func (f *Facts) played(line int) bool {
	switch {
	case afterwards[line]:
		return f.Aftermath != nil
	case elsewhere[line]:
		return len(f.Services) > 1
	case line == 11:
		return f.Response != nil
	case inside[line]:
		return f.Probing != nil
	}
	return true
}

// shellLine: a web service spawned a shell, on the screen within a second.
func shellLine(f *Facts, v *verdict) {
	var slowest time.Duration
	for i, command := range f.Labels.Commands {
		if i > 0 && slices.Contains(f.Labels.Commands[:i], command) {
			continue // a retry: line 5
		}
		a := f.shell(command)
		if a == nil {
			v.check(f.names(command), "no alert for the shell that ran %q", command)
			continue // a retry in other words: the alert that counts it names it
		}
		f.checkShell(v, a)
		slowest = max(slowest, f.Watch.FirstAlert(a.ID).Sub(a.Event.Time))
		v.check(!f.Watch.FirstAlert(a.ID).IsZero(), "alert %s was not pushed", a.ID)
		if i == 0 {
			v.note("%q: %s run by %s below %s", a.Rule.Title, a.Event.Process.CommandLine, a.Event.Process.User.Name, a.Event.Process.Parent.Executable)
		}
	}
	v.check(slowest < f.within, "an alert took %v from the kernel to the screen", slowest)
	v.note("slowest alert %v after the exec", slowest.Round(time.Millisecond))
}

// shell is the alert that the shell of a command raised, nil where it only
// repeated another.
func (f *Facts) shell(command string) *alert.Alert {
	return f.find(func(_ alert.Alert, e *event.Event) bool {
		return e.Kind == event.ProcessExec && slices.Contains(f.Labels.Shells, int(e.Process.PID)) &&
			strings.HasSuffix(e.Process.CommandLine, ";"+command)
	})
}

// names reports whether an alert that repeated names the command of a shell.
func (f *Facts) names(command string) bool {
	return f.find(func(a alert.Alert, _ *event.Event) bool {
		return count(a) > 1 && slices.ContainsFunc(a.Entities, func(e alert.Entity) bool {
			return e.Type == alert.EntityCommand && strings.HasSuffix(e.Value, ";"+command)
		})
	}) != nil
}

func (f *Facts) checkShell(v *verdict, a *alert.Alert) {
	p := a.Event.Process
	v.check(p.Parent != nil && f.service(p.Parent.PID) && path.Base(p.Parent.Executable) == "java", "shell %d: its parent is not shown to be the service", p.PID)
	v.check(p.User != nil && p.User.Name == "www-data", "shell %d: its user is not shown", p.PID)
	v.check(p.Context != nil && p.Context.Kind == event.ContextWebShell, "shell %d: not a web shell's context", p.PID)
	v.check(a.Event.Container == nil, "shell %d: said to be in a container", p.PID)
}

// filelessLine: executed from shared memory, from a memfd, and after deletion.
func filelessLine(f *Facts, v *verdict) {
	seen := func(what string, holds func(*event.Process) bool) {
		a := f.find(func(_ alert.Alert, e *event.Event) bool {
			return e.Kind == event.ProcessExec && e.Process.Exe != nil && holds(e.Process)
		})
		v.check(a != nil, "no alert for %s", what)
		if a != nil {
			v.note("%s: %q", what, a.Rule.Title)
		}
	}
	for _, round := range lab.Rounds {
		seen("execution of "+round.Path, func(p *event.Process) bool { return p.Executable == round.Path && p.Exe.Tmpfs })
	}
	seen("a memfd image", func(p *event.Process) bool { return p.Exe.Memfd })
	seen("an image deleted before it ran", func(p *event.Process) bool { return p.Exe.Deleted && !p.Exe.Memfd })
}

// masqueradeLine: the trojan calls itself a kernel thread, and kernel threads are left alone.
func masqueradeLine(f *Facts, v *verdict) {
	a := f.find(func(a alert.Alert, e *event.Event) bool {
		return e.Kind == event.ProcessRename && f.trojan(e.Process.PID) != nil
	})
	v.check(a != nil, "no alert for a trojan that retitled itself")
	if a != nil {
		p := a.Event.Process
		v.check(!p.KernelThread, "process %d is said to be a kernel thread", p.PID)
		v.note("%q: %s calls itself %s (command line %q), kernel thread: %v", a.Rule.Title, p.Executable, p.Name, p.CommandLine, p.KernelThread)
	}
	for _, a := range f.Alerts {
		v.check(a.Event == nil || a.Event.Process == nil || !a.Event.Process.KernelThread, "alert %s accuses a real kernel thread", a.ID)
	}
}

// c2Line: both rounds' connections are alerts of one incident.
func c2Line(f *Facts, v *verdict) {
	incidents := map[string]bool{}
	for n, round := range lab.Rounds {
		a := f.find(func(_ alert.Alert, e *event.Event) bool {
			return e.Kind == event.NetworkConnect && e.Destination != nil && f.trojan(e.Process.PID) != nil &&
				fmt.Sprintf("%s:%d", e.Destination.IP, e.Destination.Port) == round.C2
		})
		v.check(a != nil, "no alert for the connection to %s", round.C2)
		if a != nil {
			incidents[a.Incident] = true
			v.note("round %d: %q to %s by %s", n+1, a.Rule.Title, round.C2, a.Event.Process.Executable)
		}
	}
	v.check(len(incidents) == 1 && !incidents[""], "the rounds are in incidents %v", incidents)
}
