package sensor

import "baize/internal/event"

// fileID is a file's identity within the host.
type fileID struct {
	device event.Device
	inode  uint64
}

// lag is how late fanotify may tell, in nanoseconds; a close told later than
// that is another one.
const lag = 10e6

// writesFirst puts the close-writes of a file before the execs of it in a
// batch: the kernel executes no file that is open for writing, but fanotify
// tells of the close a moment later.
func writesFirst(batch []Record) []Record {
	execs := map[fileID]int{}
	before := map[int][]int{}
	moved := map[int]bool{}
	for i := range batch {
		r := &batch[i]
		switch {
		case r.Kind == event.ProcessExec && r.Exec != nil:
			id := fileID{r.Exec.Image.Device, r.Exec.Image.Inode}
			if _, again := execs[id]; !again {
				execs[id] = i
			}
		case r.Kind == event.FileCloseWrite:
			at, ok := execs[fileID{r.File.Device, r.File.Inode}]
			if !ok || r.Mono-batch[at].Mono > lag {
				continue
			}
			r.Mono = batch[at].Mono - 1
			before[at], moved[i] = append(before[at], i), true
		}
	}
	if len(moved) == 0 {
		return batch
	}
	out := make([]Record, 0, len(batch))
	for i := range batch {
		for _, w := range before[i] {
			out = append(out, batch[w])
		}
		if !moved[i] {
			out = append(out, batch[i])
		}
	}
	return out
}
