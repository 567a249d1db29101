package wire

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

func (e *encoder) process(n protowire.Number, p *event.Process) {
	if p == nil {
		return
	}
	start := e.open(n)
	defer e.close(start)
	if e.err != nil {
		return // a chain of parents too deep ends here
	}
	e.processKey(1, p.Key)
	e.uint(2, uint64(p.PID))
	e.uint(3, uint64(p.Exec))
	e.time(4, p.Start)
	e.text(5, p.Name)
	e.text(6, p.Executable)
	e.command(p)
	e.text(10, p.WorkingDirectory)
	e.user(11, p.User)
	e.user(12, p.EffectiveUser)
	e.hash(13, p.Hash)
	e.text(14, p.TTY)
	e.image(15, p.Exe)
	e.text(16, p.Script)
	e.descriptor(17, p.Stdin)
	e.descriptor(18, p.Stdout)
	e.descriptor(19, p.Stderr)
	e.pairs(20, p.Env)
	e.flag(21, p.KernelThread)
	e.flag(22, p.Server)
	e.flag(23, p.Agent)
	e.uint(24, uint64(p.Session))
	if p.Login != nil {
		e.present(25, uint64(*p.Login))
	}
	e.int32(26, p.ExitCode)
	e.text(27, p.OldName)
	e.text(28, p.OldCommandLine)
	e.process(29, p.Parent)
	e.ancestors(p.Ancestors)
	e.context(31, p.Context)
	e.uint(32, uint64(p.Redacted))
}

func (e *encoder) ancestors(list []event.Process) {
	if len(list) > event.MaxAncestors {
		e.fail(30, "%d ancestors, at most %d", len(list), event.MaxAncestors)
		return
	}
	for i := range list {
		e.process(30, &list[i])
	}
}

// command leaves the command line out where it is what the reader would make
// of the arguments.
func (e *encoder) command(p *event.Process) {
	for _, arg := range p.Args {
		e.presentText(7, arg)
	}
	e.flag(8, p.ArgsTruncated)
	if !joined(p.Args, p.CommandLine) {
		e.presentText(9, p.CommandLine)
	}
}

// joined reports whether line is strings.Join(args, " "), without joining.
func joined(args []string, line string) bool {
	for i, arg := range args {
		if i > 0 {
			if line == "" || line[0] != ' ' {
				return false
			}
			line = line[1:]
		}
		if !strings.HasPrefix(line, arg) {
			return false
		}
		line = line[len(arg):]
	}
	return line == ""
}

func (e *encoder) user(n protowire.Number, u *event.User) {
	if u == nil {
		return
	}
	start := e.open(n)
	e.uint(1, uint64(u.ID))
	e.text(2, u.Name)
	e.close(start)
}

func (e *encoder) image(n protowire.Number, i *event.Image) {
	if i == nil {
		return
	}
	start := e.open(n)
	e.fileKey(1, i.Inode)
	e.flag(2, i.Deleted)
	e.flag(3, i.Memfd)
	e.flag(4, i.Tmpfs)
	e.flag(5, i.Detached)
	e.flag(6, i.Foreign)
	e.close(start)
}

func (e *encoder) descriptor(n protowire.Number, d *event.Descriptor) {
	if d == nil {
		return
	}
	start := e.open(n)
	e.text(1, d.Type)
	e.text(2, d.Path)
	e.endpoint(3, d.Remote)
	e.close(start)
}

// context writes the root; the ID is derived from it. The parent's ID is taken
// apart into kind and root for the same reason: the host is not on the wire.
func (e *encoder) context(n protowire.Number, c *event.Context) {
	if c == nil {
		return
	}
	if c.ID != contextID(c.Kind, c.Root) {
		e.fail(n, "id %q is not kind %q and root %s", c.ID, c.Kind, c.Root)
	}
	start := e.open(n)
	e.text(1, c.Kind)
	e.processKey(2, c.Root)
	e.contextParent(c.Parent)
	e.text(5, c.Service)
	e.close(start)
}

func (e *encoder) contextParent(id string) {
	if id == "" {
		return
	}
	kind, text, found := strings.Cut(id, ":")
	root, err := event.ParseProcessKey(text)
	if !found || err != nil {
		e.fail(3, "parent %q is not a kind and a process key", id)
		return
	}
	e.text(3, kind)
	e.processKey(4, root)
}

// contextID is the ID of a context: its kind and the key of its root.
func contextID(kind string, root event.ProcessKey) string {
	if kind == "" && root.IsZero() {
		return ""
	}
	return kind + ":" + root.String()
}
