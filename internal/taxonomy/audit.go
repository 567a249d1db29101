package taxonomy

import (
	"slices"
	"strconv"
	"strings"

	"baize/internal/event"
	"baize/internal/sigma"
)

// auditd writes several records for one system call. Here they are one, as its
// consumers join them: type has a value for each record that auditd would have
// written, and the names are those of all of them. a0, a1, … are the arguments
// of the executed program (EXECVE); those of other system calls, which are
// addresses mostly, are not given.

// auditForm is what auditd makes of a kind of event.
type auditForm struct {
	types []string
	calls []string
	// nametype of the paths.
	nametype string
}

var (
	onPath   = []string{"SYSCALL", "PATH", "CWD"}
	onSocket = []string{"SYSCALL", "SOCKADDR"}
	opening  = []string{"open", "openat", "openat2", "creat"}
)

// auditForms are the kinds that auditd knows too.
var auditForms = map[event.Kind]auditForm{
	event.ProcessExec:    {types: []string{"SYSCALL", "EXECVE", "PATH", "CWD", "PROCTITLE"}, calls: []string{"execve", "execveat"}, nametype: "NORMAL"},
	event.ProcessPtrace:  {types: []string{"SYSCALL", "OBJ_PID"}, calls: []string{"ptrace"}},
	event.FileCreate:     {types: onPath, calls: opening, nametype: "CREATE"},
	event.FileCloseWrite: {types: onPath, calls: opening, nametype: "NORMAL"},
	event.FileOpen:       {types: onPath, calls: opening, nametype: "NORMAL"},
	event.FileRename:     {types: onPath, calls: []string{"rename", "renameat", "renameat2"}, nametype: "CREATE"},
	event.FileLink:       {types: onPath, calls: []string{"link", "linkat"}, nametype: "CREATE"},
	event.FileUnlink:     {types: onPath, calls: []string{"unlink", "unlinkat", "rmdir"}, nametype: "DELETE"},
	event.FileAttributes: {types: onPath, nametype: "NORMAL"},
	event.MemfdCreate:    {types: []string{"SYSCALL"}, calls: []string{"memfd_create"}},
	event.NetworkConnect: {types: onSocket, calls: []string{"connect"}},
	event.NetworkAccept:  {types: onSocket, calls: []string{"accept", "accept4"}},
	event.NetworkListen:  {types: onSocket, calls: []string{"listen"}},
	event.LoginSuccess:   {types: []string{"USER_LOGIN", "USER_AUTH"}},
	event.LoginFailure:   {types: []string{"USER_LOGIN", "USER_AUTH"}},
	event.LoginElevate:   {types: []string{"USER_CMD", "USER_AUTH"}},
	event.LoginLogout:    {types: []string{"USER_END", "USER_LOGOUT"}},
}

// Special files are made by other calls, and attributes changed by one each.
var (
	createCalls = map[string][]string{
		"dir": {"mkdir", "mkdirat"}, "symlink": {"symlink", "symlinkat"},
		"device": {"mknod", "mknodat"}, "pipe": {"mknod", "mknodat"}, "socket": {"bind"},
	}
	changeCalls = map[string][]string{
		"mode": {"chmod", "fchmod", "fchmodat", "fchmodat2"}, "owner": {"chown", "lchown", "fchown", "fchownat"},
		"xattr": {"setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"},
		"size":  {"truncate", "ftruncate"},
	}
)

// accountTypes are the records of shadow's programs.
func accountTypes(c *event.AccountChange) []string {
	group := c.Account == nil
	switch {
	case c.Action == event.AccountCreate && group:
		return []string{"ADD_GROUP"}
	case c.Action == event.AccountCreate:
		return []string{"ADD_USER"}
	case c.Action == event.AccountDelete && group:
		return []string{"DEL_GROUP"}
	case c.Action == event.AccountDelete:
		return []string{"DEL_USER"}
	case c.Action == event.AccountPassword:
		return []string{"USER_CHAUTHTOK"}
	case group:
		return []string{"GRP_MGMT"}
	}
	return []string{"USER_MGMT"}
}

// serviceTypes are the records of systemd.
var serviceTypes = map[string][]string{"started": {"SERVICE_START"}, "stopped": {"SERVICE_STOP"}}

// hasAudit reports whether auditd has records for an event.
func hasAudit(ev *event.Event) bool { return len(auditTypes(ev)) > 0 || ev.Kind == event.LogAudit }

func auditTypes(ev *event.Event) []string {
	switch {
	case ev.Kind == event.AccountChanged && ev.Change != nil:
		return accountTypes(ev.Change)
	case ev.Kind == event.LogLine && ev.Log != nil && ev.Log.Service == "systemd":
		return serviceTypes[ev.Log.Fields["action"]]
	}
	return auditForms[ev.Kind].types
}

func auditCalls(ev *event.Event) []string {
	if f := ev.File; f != nil {
		switch {
		case ev.Kind == event.FileCreate && createCalls[f.Type] != nil:
			return createCalls[f.Type]
		case ev.Kind == event.FileAttributes:
			return changeCalls[f.Change]
		}
	}
	return auditForms[ev.Kind].calls
}

// auditKeys are the keys that widespread rules for auditd give to what they
// watch, with which foreign rules ask for it.
var auditKeys = []struct {
	key   string
	holds func(*event.Event) bool
}{
	{"susp_activity", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process != nil && watchedTools[base(ev.Process.Executable)]
	}},
	{"network_connect_4", func(ev *event.Event) bool {
		d := ev.Destination
		return ev.Kind == event.NetworkConnect && d != nil && d.IP.Is4() && (ev.Result == nil || *ev.Result == 0)
	}},
}

// watchedTools are the programs whose execution has the key susp_activity.
var watchedTools = func() map[string]bool {
	tools := map[string]bool{}
	for _, name := range strings.Fields("wget curl base64 nc netcat ncat ss netstat ssh scp sftp ftp socat wireshark tshark rawshark rdesktop wlfreerdp xfreerdp nmap") {
		tools[name] = true
	}
	return tools
}()

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// auditField answers one of auditd's names, from the record where there is
// one, else from the event.
func auditField(name string, derive func(*event.Event, *sigma.Values)) field {
	return field{name, func(r *Record, out *sigma.Values) {
		switch {
		case !r.seesAudit():
		case r.event.Kind == event.LogAudit:
			r.extra(name, out)
		default:
			derive(r.event, out)
		}
	}}
}

// maxAuditArguments is how many of a0, a1, … are fields.
const maxAuditArguments = 32

var auditFields = slices.Concat([]field{
	auditField("type", func(ev *event.Event, out *sigma.Values) { each(auditTypes(ev), out) }),
	auditField("SYSCALL", func(ev *event.Event, out *sigma.Values) { each(auditCalls(ev), out) }),
	auditField("syscall", func(ev *event.Event, out *sigma.Values) { each(auditCalls(ev), out) }),
	auditField("success", func(ev *event.Event, out *sigma.Values) {
		if auditCalls(ev) != nil {
			out.String(map[bool]string{true: "yes", false: "no"}[ev.Result == nil || *ev.Result == 0])
		}
	}),
	auditField("exit", func(ev *event.Event, out *sigma.Values) {
		if ev.Result != nil {
			out.Int(int64(*ev.Result))
		}
	}),
	auditField("argc", func(ev *event.Event, out *sigma.Values) {
		if args := arguments(ev); args != nil {
			out.Int(int64(len(args)))
		}
	}),
	auditField("pid", ofProcess(func(p *event.Process, out *sigma.Values) { out.Int(int64(p.PID)) })),
	auditField("ppid", ofProcess(func(p *event.Process, out *sigma.Values) {
		if p.Parent != nil {
			out.Int(int64(p.Parent.PID))
		}
	})),
	auditField("uid", ofProcess(func(p *event.Process, out *sigma.Values) { userID(p.User, out) })),
	auditField("euid", ofProcess(func(p *event.Process, out *sigma.Values) {
		if p.EffectiveUser != nil {
			userID(p.EffectiveUser, out)
		} else {
			userID(p.User, out)
		}
	})),
	auditField("auid", ofProcess(func(p *event.Process, out *sigma.Values) {
		if p.Login != nil {
			out.Int(int64(*p.Login))
		}
	})),
	auditField("ses", ofProcess(func(p *event.Process, out *sigma.Values) {
		if p.Session != 0 {
			out.Int(int64(p.Session))
		}
	})),
	auditField("tty", ofProcess(func(p *event.Process, out *sigma.Values) { out.NonEmpty(strings.ReplaceAll(p.TTY, "/", "")) })),
	auditField("comm", ofProcess(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.Name) })),
	auditField("exe", auditExe),
	auditField("proctitle", ofProcess(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.CommandLine) })),
	auditField("cwd", ofProcess(func(p *event.Process, out *sigma.Values) { out.NonEmpty(p.WorkingDirectory) })),
	auditField("key", func(ev *event.Event, out *sigma.Values) {
		for _, k := range auditKeys {
			if k.holds(ev) {
				out.String(k.key)
			}
		}
	}),
	auditField("name", auditPaths),
	auditField("nametype", func(ev *event.Event, out *sigma.Values) { out.NonEmpty(auditForms[ev.Kind].nametype) }),
	auditField("mode", func(ev *event.Event, out *sigma.Values) {
		if ev.File != nil {
			out.NonEmpty(ev.File.Mode)
		}
	}),
	auditField("addr", func(ev *event.Event, out *sigma.Values) { ip(farEnd(ev), out) }),
	auditField("unit", func(ev *event.Event, out *sigma.Values) {
		if ev.Log != nil {
			unit(ev.Log.Fields["unit"], out)
		}
	}),
	auditField("acct", auditAccount),
	auditField("res", func(ev *event.Event, out *sigma.Values) {
		switch {
		case ev.Access != nil && ev.Access.Outcome == event.OutcomeFailure:
			out.String("failed")
		case ev.Access != nil || ev.Change != nil:
			out.String("success")
		}
	}),
	auditField("terminal", func(ev *event.Event, out *sigma.Values) {
		if ev.Access != nil {
			out.NonEmpty(ev.Access.TTY)
		}
	}),
	auditField("cmd", func(ev *event.Event, out *sigma.Values) {
		if ev.Access != nil {
			out.NonEmpty(ev.Access.Command)
		}
	}),
}, auditArguments())

func auditArguments() []field {
	list := make([]field, maxAuditArguments)
	for i := range list {
		list[i] = auditField("a"+strconv.Itoa(i), func(ev *event.Event, out *sigma.Values) {
			if args := arguments(ev); i < len(args) {
				out.String(args[i])
			}
		})
	}
	return list
}

func ofProcess(get func(*event.Process, *sigma.Values)) func(*event.Event, *sigma.Values) {
	return func(ev *event.Event, out *sigma.Values) {
		if ev.Process != nil {
			get(ev.Process, out)
		}
	}
}

// arguments are those of EXECVE.
func arguments(ev *event.Event) []string {
	if ev.Kind != event.ProcessExec || ev.Process == nil {
		return nil
	}
	return ev.Process.Args
}

// auditExe is the process's image, or the one of the journal's writer.
func auditExe(ev *event.Event, out *sigma.Values) {
	switch {
	case ev.Process != nil:
		out.NonEmpty(ev.Process.Executable)
	case ev.Log != nil && ev.Log.Sender != nil:
		out.NonEmpty(ev.Log.Sender.Executable)
	}
}

// auditPaths are the names of PATH records.
func auditPaths(ev *event.Event, out *sigma.Values) {
	if f := ev.File; f != nil {
		out.NonEmpty(f.Path)
		if f.Target != nil {
			out.NonEmpty(f.Target.Path)
		}
	} else if ev.Kind == event.ProcessExec && ev.Process != nil {
		out.NonEmpty(ev.Process.Executable)
		out.NonEmpty(ev.Process.Script)
	}
}

// unit is systemd's name with its ".service" and, as audit records have it,
// without.
func unit(name string, out *sigma.Values) {
	out.NonEmpty(name)
	if short, ok := strings.CutSuffix(name, ".service"); ok {
		out.NonEmpty(short)
	}
}

func auditAccount(ev *event.Event, out *sigma.Values) {
	switch {
	case ev.Access != nil:
		accountName(ev.Access.User, out)
	case ev.Change != nil && ev.Change.Account != nil:
		accountName(ev.Change.Account, out)
	case ev.Change != nil:
		accountName(ev.Change.Group, out)
	}
}

// auditTexts are what keywords search in auditd's records: the arguments, by
// themselves and together, names and commands.
func (r *Record) auditTexts(out *sigma.Values) {
	ev := r.event
	if ev.Kind == event.LogAudit {
		out.NonEmpty(ev.Message)
		r.texts(out)
		return
	}
	if args := arguments(ev); args != nil {
		out.NonEmpty(ev.Process.CommandLine)
		each(args, out)
		return
	}
	auditPaths(ev, out)
	out.NonEmpty(ev.Message)
}
