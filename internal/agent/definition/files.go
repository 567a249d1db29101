package definition

import "baize/internal/lru"

// Limits of what is kept. Beyond them the file changed longest ago is
// forgotten: its next change is told as event.DiffWhole.
const (
	maxFiles = 4096
	maxBytes = 8 << 20
	// lineCost is what a line costs beside its text.
	lineCost = 16
)

// key names a file: the container it is in, and its path there.
type key struct{ box, path string }

type content struct {
	lines []string
	bytes int
}

// files are the lines last seen of each.
type files struct {
	kept  *lru.Map[key, content]
	bytes int
}

func newFiles() *files { return &files{kept: lru.New[key, content](maxFiles)} }

// get returns the lines of a file, nil where they are not known. Those of an
// empty file are not nil.
func (f *files) get(k key) []string {
	if c := f.kept.Peek(k); c != nil {
		return c.lines
	}
	return nil
}

func (f *files) put(k key, lines []string) {
	if lines == nil {
		lines = []string{}
	}
	f.drop(k)
	c := content{lines: lines, bytes: len(k.box) + len(k.path)}
	for _, line := range lines {
		c.bytes += len(line) + lineCost
	}
	if f.kept.Len() >= maxFiles {
		f.dropOldest()
	}
	f.kept.Put(k, c, 0)
	for f.bytes += c.bytes; f.bytes > maxBytes; {
		f.dropOldest()
	}
}

func (f *files) drop(k key) {
	if c := f.kept.Peek(k); c != nil {
		f.bytes -= c.bytes
		f.kept.Delete(k)
	}
}

func (f *files) dropOldest() {
	for k := range f.kept.All() {
		f.drop(k)
		return
	}
}
