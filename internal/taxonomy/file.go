package taxonomy

import (
	"baize/internal/event"
	"baize/internal/sigma"
)

// Permission bits of File.Mode.
const (
	bitsExecute = 0o111
	bitSetuid   = 0o4000
	bitSetgid   = 0o2000
	bitsOthers  = 0o002
)

// fileFields are the file that something was done to. After a rename or link
// the target is the new name and the source the old one.
var fileFields = []field{
	{"TargetFilename", onFile(func(f *event.File, out *sigma.Values) {
		if f.Target != nil {
			f = f.Target
		}
		out.NonEmpty(f.Path)
		out.NonEmpty(f.Origin)
	})},
	{"SourceFilename", onFile(func(f *event.File, out *sigma.Values) {
		if f.Target != nil {
			out.NonEmpty(f.Path)
		}
	})},
	{"File.Size", onFile(func(f *event.File, out *sigma.Values) { out.Int(int64(f.Size)) })},
	{"File.Type", onFile(func(f *event.File, out *sigma.Values) { out.NonEmpty(f.Type) })},
	{"File.Mode", onFile(func(f *event.File, out *sigma.Values) { out.NonEmpty(f.Mode) })},
	{"File.Mount", onFile(func(f *event.File, out *sigma.Values) { out.NonEmpty(f.Mount) })},
	{"File.Access", onFile(func(f *event.File, out *sigma.Values) { out.NonEmpty(f.Access) })},
	{"File.Change", onFile(func(f *event.File, out *sigma.Values) { out.NonEmpty(f.Change) })},
	{"File.Attribute", onFile(func(f *event.File, out *sigma.Values) { out.NonEmpty(f.Attribute) })},
	{"File.Sensitive", onFile(func(f *event.File, out *sigma.Values) { out.NonEmpty(f.Sensitive) })},
	{"File.FromUser", onFile(func(f *event.File, out *sigma.Values) { out.Bool(f.FromUser) })},
	{"File.Sha256", onFile(func(f *event.File, out *sigma.Values) { digest(f.Hash, "", out) })},
	{"File.Added", onDiff(func(d *event.Diff) []string { return d.Added })},
	{"File.Removed", onDiff(func(d *event.Diff) []string { return d.Removed })},
	{"File.Executable", permission(bitsExecute)},
	{"File.Setuid", permission(bitSetuid)},
	{"File.Setgid", permission(bitSetgid)},
	{"File.WorldWritable", permission(bitsOthers)},
}

func onFile(get func(*event.File, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if f := r.event.File; f != nil {
			get(f, out)
		}
	}
}

// onDiff gives the lines of a definition file that changed.
func onDiff(get func(*event.Diff) []string) func(*Record, *sigma.Values) {
	return onFile(func(f *event.File, out *sigma.Values) {
		if d := f.Changed(); d != nil {
			for _, line := range get(d) {
				out.NonEmpty(line)
			}
		}
	})
}

// permission says whether the mode has any of bits; nothing without a mode.
func permission(bits uint64) func(*Record, *sigma.Values) {
	return onFile(func(f *event.File, out *sigma.Values) {
		if mode, ok := octal(f.Mode); ok {
			out.Bool(mode&bits != 0)
		}
	})
}
