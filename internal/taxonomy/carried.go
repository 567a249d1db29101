package taxonomy

import (
	"net/netip"

	"baize/internal/event"
)

// carried are the parts that events of a kind have, for answering whether a
// rule could ever match one. Values stand for "something": 1, "x", true.
func carried(kind event.Kind) *event.Event {
	ev := &event.Event{Kind: kind}
	switch class := event.ClassOf(kind); {
	case kind == event.ProcessExec:
		ev.Process = wholeProcess()
	case class == event.ClassProcess:
		ev.Process = shortProcess()
		ev.Process.OldName, ev.Process.OldCommandLine = "x", "x"
		ev.Target, ev.Operation = shortProcess(), someOperation()
	case class == event.ClassKernel:
		ev.Process, ev.Target, ev.File, ev.Operation = shortProcess(), shortProcess(), someFile(), someOperation()
	case class == event.ClassFile || kind == event.FileHash || kind == event.FileDiff:
		ev.Process, ev.File, ev.Via = shortProcess(), someFile(), "x"
		ev.Process.Ancestors = []event.Process{*shortProcess()}
	case class == event.ClassNetwork, class == event.ClassDNS:
		ev.Process = shortProcess()
		ev.Source, ev.Destination = somewhere(), somewhere()
		ev.Network = &event.Network{Transport: "x", Initiated: true}
		switch kind {
		case event.NetworkConnect:
			ev.File = someFile()
		case event.NetworkSocket:
			ev.Operation, ev.Via = someOperation(), "x"
		}
		if class == event.ClassDNS {
			ev.DNS = &event.DNS{Question: event.DNSQuestion{Name: "x", Type: "x"}, Answers: []string{"x"}, Rcode: new(int)}
		}
	case class == event.ClassLog:
		lineOf(ev)
	case kind == event.ProbeCall, kind == event.ProbeRepeat, kind == event.ProbeState:
		callOf(ev)
	default:
		ev.Coverage = &event.Coverage{Class: "x", State: "x"}
		ev.Action = &event.Action{Name: "x", State: "x"}
		ev.Message = "x"
	}
	ev.Host.Name, ev.Result = "x", new(int)
	ev.Container = &event.Container{State: "x", ID: "x", Name: "x", Runtime: "x", Image: &event.Name{Name: "x", Digest: "x"}, Pod: &event.Pod{Name: "x", Namespace: "x"}}
	return ev
}

func somewhere() *event.Endpoint {
	return &event.Endpoint{IP: netip.AddrFrom4([4]byte{198, 51, 100, 1}), Port: 1}
}

func someOperation() *event.Operation {
	return &event.Operation{Name: "x", Object: "x", Type: "x", Flags: []string{"x"}}
}

func someFile() *event.File {
	return &event.File{
		Path: "x", Type: "x", Size: 1, Mode: "0777", Mount: "x", Hash: &event.Hash{SHA256: "x"}, FromUser: true, Diff: &event.Diff{Added: []string{"x"}, Removed: []string{"x"}},
		Target: &event.File{Path: "x"}, Change: "x", Attribute: "x", Sensitive: "x", Access: "x",
	}
}

// shortProcess is what every event carries of a process, wholeProcess what an
// exec does.
func shortProcess() *event.Process {
	user := &event.User{Name: "x"}
	up := &event.Process{Key: event.ProcessKey{PID: 1}, PID: 1, Name: "x", Executable: "x", CommandLine: "x", User: user}
	return &event.Process{
		Key: up.Key, PID: 1, Name: "x", Executable: "x", CommandLine: "x", User: user, EffectiveUser: user, TTY: "x",
		Exe: &event.Image{}, Session: 1, Login: new(uint32), Parent: up, Context: &event.Context{ID: "x", Kind: event.ContextLogin, Parent: "x", Service: "x"},
	}
}

func wholeProcess() *event.Process {
	p := shortProcess()
	fd := &event.Descriptor{Type: "x", Path: "x", Remote: somewhere()}
	p.Args, p.WorkingDirectory, p.Script = []string{"x"}, "x", "x"
	for len(p.Args) < maxAuditArguments {
		p.Args = append(p.Args, "x")
	}
	p.Hash, p.Env = &event.Hash{SHA256: "x"}, map[string]string{"x": "x"}
	p.Stdin, p.Stdout, p.Stderr = fd, fd, fd
	p.Ancestors = []event.Process{*p.Parent}
	return p
}

// callOf fills in what a probe says.
func callOf(ev *event.Event) {
	something := []event.ProbeArgument{{Name: "x", Value: "x"}}
	ev.Process, ev.Message = shortProcess(), "x"
	ev.Probe = &event.Probe{Runtime: "x", State: "x", Reason: "x", Hook: "x", Point: "x", Arguments: something, Breadcrumbs: something}
	if ev.Kind != event.ProbeCall {
		return
	}
	ev.File, ev.Destination, ev.Network = &event.File{Path: "x", Access: "x", Target: &event.File{Path: "x"}}, somewhere(), &event.Network{Transport: "x", Initiated: true}
	ev.DNS, ev.URL = &event.DNS{Question: event.DNSQuestion{Name: "x"}}, &event.URL{Original: "x", Domain: "x", Path: "x", Query: "x"}
	ev.Stack = &event.Stack{
		Hash: "x", BusinessHash: "x", Frames: []event.Frame{{Class: "x", Method: "x", Business: true}}, Origins: []event.Origin{{Kind: "x"}},
	}
}

// lineOf fills in what a line of the kind has.
func lineOf(ev *event.Event) {
	id := uint32(1)
	account := &event.Account{Name: "x", ID: &id}
	ev.Message = "x"
	ev.Log = &event.Log{
		Source: "x", File: &event.LogPath{Path: "x"}, Service: "x", Unit: "x", Sender: &event.Sender{User: &event.User{Name: "x"}, Executable: "x"},
		Syslog: &event.Syslog{AppName: "x", ProcID: "x", Hostname: "x", Facility: &event.SyslogName{Name: facilityAuth}, Severity: &event.SyslogName{Name: "x"}},
		Fields: map[string]string{"action": "x", "command": "x", "user": "x"},
	}
	switch ev.Kind {
	case event.WebAccess:
		ev.Log.Syslog, ev.Source = nil, somewhere()
		ev.HTTP = &event.HTTP{Request: event.HTTPRequest{Method: "x", Referrer: "x", User: "x"}, Version: "x"}
		ev.URL = &event.URL{Original: "x", Path: "x", Query: "x", Domain: "x"}
		ev.UserAgent = &event.UserAgent{Original: "x"}
		return
	case event.AccountChanged:
		ev.Change = &event.AccountChange{Action: event.AccountCreate, Account: account, Group: account, Home: "x", Shell: "x", By: account}
	case event.LogAudit:
		ev.Log.Service = serviceAuditd
		return
	case event.LogLine:
		ev.Log.Service, ev.Log.Fields = "systemd", map[string]string{"action": "stopped", "unit": "x", "command": "x", "user": "x"}
	}
	ev.Process = shortProcess()
	if ev.Kind != event.AccountChanged {
		ev.Source = somewhere()
		ev.Access = &event.Access{
			Outcome: "x", Service: "x", Method: "x", User: account, UnknownUser: true, By: account, Fingerprint: "x", TTY: "x",
			Session: "x", Command: "x", WorkingDirectory: "x", Reason: "x", Domain: "x",
		}
	}
}
