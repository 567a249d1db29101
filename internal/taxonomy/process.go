package taxonomy

import (
	"maps"
	"slices"
	"strconv"

	"baize/internal/event"
	"baize/internal/sigma"
)

// processFields are Sysmon's names for the acting process.
var processFields = []field{
	{"Image", acting(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Executable) })},
	{"CommandLine", acting(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.CommandLine) })},
	{"CurrentDirectory", acting(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.WorkingDirectory) })},
	{"ProcessId", acting(func(p *event.Process, out *sigma.Values) { out.Int(int64(p.PID)) })},
	{"ProcessGuid", acting(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Key.String()) })},
	{"User", acting(func(p *event.Process, out *sigma.Values) { user(p.User, out) })},
	{"LogonId", acting(func(p *event.Process, out *sigma.Values) { userID(p.User, out) })},
	{"TerminalSessionId", acting(func(p *event.Process, out *sigma.Values) { out.Int(int64(p.Session)) })},
	{"sha256", acting(func(p *event.Process, out *sigma.Values) { digest(p.Hash, "", out) })},
	{"Hashes", acting(func(p *event.Process, out *sigma.Values) { digest(p.Hash, "SHA256=", out) })},
	// SourceImage is Image by its name in process_access.
	{"SourceImage", acting(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Executable) })},
}

// describe are the facts of a process beyond Sysmon's, under prefix.
func describe(prefix string, of func(*Record) *event.Process) []field {
	row := func(name string, get func(*event.Process, *sigma.Values)) field {
		return field{prefix + name, func(r *Record, out *sigma.Values) {
			if p := of(r); p != nil {
				get(p, out)
			}
		}}
	}
	return []field{
		row("Name", func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Name) }),
		row("OldName", func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.OldName) }),
		row("OldCommandLine", func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.OldCommandLine) }),
		row("Arguments", func(p *event.Process, out *sigma.Values) { each(p.Args, out) }),
		row("Script", func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Script) }),
		row("Tty", func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.TTY) }),
		row("EffectiveUser", func(p *event.Process, out *sigma.Values) { user(p.EffectiveUser, out) }),
		row("LoginUid", func(p *event.Process, out *sigma.Values) {
			if p.Login != nil {
				out.Int(int64(*p.Login))
			}
		}),
		row("KernelThread", func(p *event.Process, out *sigma.Values) { out.Bool(p.KernelThread) }),
		row("Server", func(p *event.Process, out *sigma.Values) { out.Bool(p.Server) }),
		row("Agent", func(p *event.Process, out *sigma.Values) { out.Bool(p.Agent) }),
		row("Deleted", func(p *event.Process, out *sigma.Values) { out.Bool(p.Exe != nil && p.Exe.Deleted) }),
		row("Memfd", func(p *event.Process, out *sigma.Values) { out.Bool(p.Exe != nil && p.Exe.Memfd) }),
		row("Tmpfs", func(p *event.Process, out *sigma.Values) { out.Bool(p.Exe != nil && p.Exe.Tmpfs) }),
		row("Foreign", func(p *event.Process, out *sigma.Values) { out.Bool(isForeign(p)) }),
		row("StdinType", func(p *event.Process, out *sigma.Values) { descriptorType(p.Stdin, out) }),
		row("StdoutType", func(p *event.Process, out *sigma.Values) { descriptorType(p.Stdout, out) }),
		row("StderrType", func(p *event.Process, out *sigma.Values) { descriptorType(p.Stderr, out) }),
		row("StdinRemote", func(p *event.Process, out *sigma.Values) { remote(p.Stdin, out) }),
		row("StdoutRemote", func(p *event.Process, out *sigma.Values) { remote(p.Stdout, out) }),
		row("StdinRemoteIp", func(p *event.Process, out *sigma.Values) { remoteIP(p.Stdin, out) }),
		row("StdoutRemoteIp", func(p *event.Process, out *sigma.Values) { remoteIP(p.Stdout, out) }),
		row("StdinPath", func(p *event.Process, out *sigma.Values) { descriptorPath(p.Stdin, out) }),
		row("StdoutPath", func(p *event.Process, out *sigma.Values) { descriptorPath(p.Stdout, out) }),
		row("Env", func(p *event.Process, out *sigma.Values) { environment(p.Env, out) }),
	}
}

var parentFields = []field{
	{"ParentImage", parent(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Executable) })},
	{"ParentCommandLine", parent(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.CommandLine) })},
	{"ParentProcessId", parent(func(p *event.Process, out *sigma.Values) { out.Int(int64(p.PID)) })},
	{"ParentProcessGuid", parent(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Key.String()) })},
	{"ParentUser", parent(func(p *event.Process, out *sigma.Values) { user(p.User, out) })},
	{"Parent.Name", parent(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Name) })},
	{"Parent.Server", parent(func(p *event.Process, out *sigma.Values) { out.Bool(p.Server) })},
}

// ancestorFields have one value for the parent and for each ancestor above it.
var ancestorFields = []field{
	{"Ancestor.Image", ancestors(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Executable) })},
	{"Ancestor.CommandLine", ancestors(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.CommandLine) })},
	{"Lineage.Foreign", foreignLineage},
	{"Ancestor.Name", ancestors(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Name) })},
}

// targetFields are the process that something was done to.
var targetFields = []field{
	{"TargetImage", target(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Executable) })},
	{"TargetCommandLine", target(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.CommandLine) })},
	{"TargetProcessId", target(func(p *event.Process, out *sigma.Values) { out.Int(int64(p.PID)) })},
	{"TargetUser", target(func(p *event.Process, out *sigma.Values) { user(p.User, out) })},
}

func acting(get func(*event.Process, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if p := r.event.Process; p != nil {
			get(p, out)
		}
	}
}

func parent(get func(*event.Process, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if p := r.event.Process; p != nil && p.Parent != nil {
			get(p.Parent, out)
		}
	}
}

func target(get func(*event.Process, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if p := r.event.Target; p != nil {
			get(p, out)
		}
	}
}

func ancestors(get func(*event.Process, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		p := r.event.Process
		if p == nil {
			return
		}
		if p.Parent != nil {
			get(p.Parent, out)
		}
		for i := range p.Ancestors {
			get(&p.Ancestors[i], out)
		}
	}
}

func each(list []string, out *sigma.Values) {
	for _, s := range list {
		out.String(s)
	}
}

// user is the account's name, or its number where the name is not known.
func user(u *event.User, out *sigma.Values) {
	switch {
	case u == nil:
	case u.Name != "":
		out.String(u.Name)
	default:
		userID(u, out)
	}
}

func userID(u *event.User, out *sigma.Values) {
	if u != nil {
		out.Int(int64(u.ID))
	}
}

func digest(h *event.Hash, prefix string, out *sigma.Values) {
	if h != nil && h.SHA256 != "" {
		out.Join(prefix, h.SHA256)
	}
}

func descriptorType(d *event.Descriptor, out *sigma.Values) {
	if d != nil {
		out.NonEmpty(d.Type)
	}
}

func descriptorPath(d *event.Descriptor, out *sigma.Values) {
	if d != nil {
		out.NonEmpty(d.Path)
	}
}

// remote is the other end of a socket behind a descriptor, IP:PORT.
func remote(d *event.Descriptor, out *sigma.Values) {
	if d != nil && d.Remote != nil && d.Remote.IP.IsValid() {
		out.AddrPort(d.Remote.IP, d.Remote.Port)
	}
}

func remoteIP(d *event.Descriptor, out *sigma.Values) {
	if d != nil && d.Remote != nil && d.Remote.IP.IsValid() {
		out.AddrPort(d.Remote.IP, 0)
	}
}

// environment is the variables of interest as NAME=value, in the order of their
// names: what is told of an event must not depend on a map's order.
func environment(env map[string]string, out *sigma.Values) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out.Join(name, "=", env[name])
	}
}

// octal reads the permission bits of an event, false if they are not there.
func octal(mode string) (uint64, bool) {
	bits, err := strconv.ParseUint(mode, 8, 32)
	return bits, err == nil
}
