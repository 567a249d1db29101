package definition

import (
	"bytes"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"baize/internal/agent/digest"
	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// maxFile bounds one file, in bytes.
const maxFile = 64 << 10

// read returns the lines of a file, or why there are none.
func (k *Keeper) read(file *digest.File) (lines []string, state string) {
	handle := k.find(file)
	if handle == nil {
		return nil, event.DiffFailed
	}
	defer handle.Close()
	return k.content(handle)
}

// find reaches the file by the first way that leads to the right inode.
func (k *Keeper) find(file *digest.File) *os.File {
	ways := append([]uint32{file.PID}, file.Others...)
	if file.HostRoot {
		ways = []uint32{0}
	}
	for _, pid := range ways {
		handle, err := k.proc.Handle(pid, file.Path)
		if err != nil {
			continue
		}
		// A request whose outcome is not known names no inode.
		if file.Inode == 0 || file.Is(handle) {
			return handle
		}
		_ = handle.Close()
	}
	return nil
}

// content reads what a handle holds.
func (k *Keeper) content(handle *os.File) (lines []string, state string) {
	var stat unix.Stat_t
	if err := unix.Fstat(int(handle.Fd()), &stat); err != nil {
		return nil, event.DiffFailed
	}
	if stat.Mode&unix.S_IFMT == unix.S_IFLNK {
		to, err := procfs.LinkOf(handle)
		if err != nil {
			return nil, event.DiffFailed
		}
		return []string{strings.ToValidUTF8("-> "+to, "\uFFFD")}, event.DiffOK
	}
	f, err := procfs.Reopen(handle)
	if err != nil {
		return nil, event.DiffFailed
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, event.DiffFailed
	case len(text) > maxFile:
		return nil, event.DiffTooLarge
	case bytes.IndexByte(text, 0) >= 0:
		return nil, event.DiffBinary
	}
	return k.redact(string(text)), event.DiffOK
}

// redact takes the secrets out, line by line: a quote that one leaves open is no
// quote of the next. A private key is more than a line.
func (k *Keeper) redact(text string) []string {
	if strings.Contains(text, "PRIVATE KEY-----") {
		text, _ = k.redactor.Text(text)
	}
	lines := split(text)
	for i, line := range lines {
		lines[i], _ = k.redactor.Text(line)
	}
	return lines
}
