package taxonomy

import (
	"baize/internal/event"
	"baize/internal/sigma"
)

// groupFields are identities for correlations to group by.
var groupFields = []field{
	{"Lineage", func(r *Record, out *sigma.Values) { out.NonEmpty(r.lineage) }},
	{"File", func(r *Record, out *sigma.Values) { fileIdentity(r.event, out) }},
	{"Session", func(r *Record, out *sigma.Values) { out.NonEmpty(r.event.LoginSession()) }},
}

// fileIdentity names the file that something was done to, whatever its name;
// in events without one, the image of the process. So writing a file, making it
// executable and executing it are about one file.
func fileIdentity(ev *event.Event, out *sigma.Values) {
	switch p, f := ev.Process, ev.File; {
	case f != nil && !f.Inode.IsZero():
		out.String(f.Inode.String())
	case f != nil && f.Path != "":
		out.Join(ev.Host.ID, ":", f.Path)
	case f == nil && p != nil && p.Exe != nil && !p.Exe.Inode.IsZero():
		out.String(p.Exe.Inode.String())
	case f == nil && p != nil && p.Executable != "":
		out.Join(ev.Host.ID, ":", p.Executable)
	}
}
