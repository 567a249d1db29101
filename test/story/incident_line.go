package story

import (
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/test/lab"
)

// incidentLine: one incident with every alert of the intrusion and no other,
// repeats in counters, nothing lost.
func incidentLine(f *Facts, v *verdict) {
	mine := append(f.Intrusion(), f.Chains()...)
	ids := map[string]bool{}
	var fired uint64
	for _, a := range mine {
		ids[a.Incident] = true
		fired += count(a)
	}
	v.check(len(mine) > 0, "no alerts")
	v.check(len(ids) == 1 && !ids[""], "the intrusion's %d alerts are in %d incidents", len(mine), len(ids))
	checkIncident(f, v, mine)
	checkCounters(f, v, mine)
	if f.Log != nil {
		checkLog(f, v)
	}
	for _, problem := range f.Watch.Problems() {
		v.check(false, "live stream: %s", problem)
	}
	v.note("%d firings in %d alerts of one incident; %d other alerts stay outside", fired, len(mine), len(f.Others()))
}

// checkIncident compares the incident with the alerts that should be in it.
func checkIncident(f *Facts, v *verdict, mine []alert.Alert) {
	if len(mine) == 0 {
		return
	}
	at := slices.IndexFunc(f.Incidents, func(i incident.Incident) bool { return i.ID == mine[0].Incident })
	if at < 0 {
		v.check(false, "incident %q does not exist", mine[0].Incident)
		return
	}
	found := f.Incidents[at]
	for _, a := range mine {
		v.check(slices.Contains(found.Alerts, a.ID), "alert %s (%s) is not in the incident", a.ID, a.Rule.Title)
	}
	for _, a := range f.Others() {
		v.check(!slices.Contains(found.Alerts, a.ID), "alert %s (%s) of the machine's own activity is in the incident", a.ID, a.Rule.Title)
	}
	v.check(len(found.Alerts) == len(mine), "the incident has %d alerts, the intrusion %d", len(found.Alerts), len(mine))
	v.check(len(found.Reasons) >= len(mine)-1, "%d merge reasons do not connect %d alerts", len(found.Reasons), len(mine))
	v.note("incident %s %q", found.ID, found.Title)
}

// checkCounters : every shell was counted, once: the rule that fired on the
// first of them fired as often as there were shells.
func checkCounters(f *Facts, v *verdict, mine []alert.Alert) {
	perRule := map[string]uint64{}
	for _, a := range mine {
		if e := a.Event; e != nil && e.Kind == event.ProcessExec && slices.Contains(f.Labels.Shells, int(e.Process.PID)) && a.Rule != nil {
			perRule[a.Rule.ID] += count(a)
		}
	}
	var most uint64
	for _, n := range perRule {
		most = max(most, n)
	}
	v.check(most == uint64(len(f.Labels.Shells)), "%d shells were started, %d counted", len(f.Labels.Shells), most)
}

// checkLog : the log has no gap, the sensor vouches for it, and every label is
// in it.
func checkLog(f *Facts, v *verdict) {
	last := map[string]uint64{}
	executed, renamed := map[uint32]bool{}, map[uint32]bool{}
	connects := 0
	for _, e := range f.Log {
		if e.Seq != 0 {
			key := e.Host.ID + "/" + e.Boot
			v.check(e.Seq == last[key]+1, "sequence %d of %s follows %d", e.Seq, key, last[key])
			last[key] = e.Seq
		}
		switch e.Kind {
		case event.ProcessExec:
			executed[e.Process.PID] = true
		case event.ProcessRename:
			renamed[e.Process.PID] = true
		case event.NetworkConnect:
			if f.trojan(e.Process.PID) != nil && e.Result != nil && *e.Result == 0 {
				connects += int(e.Repeats())
			}
		case event.SensorCoverage:
			checkLoss(v, e)
		}
	}
	for _, pid := range f.Labels.Shells {
		v.check(executed[uint32(pid)], "shell %d is not in the log", pid)
	}
	for _, trojan := range f.Labels.Trojans {
		v.check(executed[uint32(trojan.PID)] && renamed[uint32(trojan.PID)], "trojan %d is not in the log with exec and rename", trojan.PID)
	}
	v.check(connects >= f.Labels.Beacons, "%d beacons reached their C2, the log has %d connections", f.Labels.Beacons, connects)
	v.note("%d events in the log without a gap, %d shells, %d trojans and %d beacons among them", len(f.Log), len(f.Labels.Shells), len(f.Labels.Trojans), f.Labels.Beacons)
}

// checkLoss : the sensors lost nothing. A container engine looks once, when it starts,
// whether the machine runs 32-bit programs; some kernels hide what these do.
func checkLoss(v *verdict, e *event.Event) {
	if e.Host.Name == lab.API && e.Coverage.Lost == 1 && strings.HasPrefix(e.Coverage.Reason, "32-bit programs") {
		return
	}
	v.check(e.Coverage.Lost == 0, "the sensor of %s lost %d events of class %s (%s)", e.Host.Name, e.Coverage.Lost, e.Coverage.Class, e.Coverage.Reason)
}
