package action

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/digest"
	"baize/internal/agent/procfs"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// stat looks at a file. It follows no symbolic link that the path ends in, and
// opens only regular files.
func (x *Executor) stat(ctx context.Context, command *baizev1.Command) (string, error) {
	at, err := x.placeOf(command)
	if err != nil {
		return "", err
	}
	handle, err := x.options.Proc.Handle(at.pid, at.path)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return answer(&response.Stat{Same: x.verdict(at, false)})
	}
	if err != nil {
		return "", err
	}
	defer handle.Close()
	facts, err := x.describe(handle)
	if err != nil {
		return "", err
	}
	found := &response.Stat{
		Exists: true, Inode: facts.key, Type: facts.kind, Size: facts.size, Mode: facts.mode, Modified: facts.modified,
		Same: x.verdict(at, same(at.inode, facts.key, facts.loose)),
	}
	if facts.file != nil {
		defer facts.file.Close()
		found.Hash = hashOf(ctx, facts)
	}
	return answer(found)
}

func answer(result any) (string, error) {
	text, err := json.Marshal(result)
	return string(text), err
}

// verdict is nil where no file was meant in particular.
func (x *Executor) verdict(at place, same bool) *bool {
	if at.inode.IsZero() {
		return nil
	}
	return &same
}

// facts are what a file system says of a file.
type facts struct {
	key      event.FileKey
	kind     string
	size     int64
	mode     string
	modified time.Time
	// loose : the device number is not the one that events carry.
	loose bool
	// file is a regular file, open for reading; the caller closes it.
	file *os.File
}

// getVersion is FS_IOC_GETVERSION of linux/fs.h, on 64-bit machines.
const getVersion = 0x80087601

// describe reads the facts of a handle.
func (x *Executor) describe(handle *os.File) (*facts, error) {
	var s unix.Stat_t
	if err := unix.Fstat(int(handle.Fd()), &s); err != nil {
		return nil, fmt.Errorf("look at %s: %w", handle.Name(), err)
	}
	f := &facts{
		key:  x.fileKey(&s),
		kind: fileTypes[s.Mode&unix.S_IFMT], size: s.Size, mode: fmt.Sprintf("%04o", s.Mode&0o7777),
		modified: time.Unix(s.Mtim.Unix()).UTC(), loose: digest.LooseDevice(handle),
	}
	if s.Mode&unix.S_IFMT != unix.S_IFREG {
		return f, nil
	}
	var err error
	if f.file, err = procfs.Reopen(handle); err != nil {
		return nil, err
	}
	if generation, err := unix.IoctlGetUint32(int(f.file.Fd()), getVersion); err == nil {
		f.key.Gen = generation
	}
	return f, nil
}

// fileKey is the key of a file without its generation.
func (x *Executor) fileKey(s *unix.Stat_t) event.FileKey {
	return event.FileKey{Host: x.options.Name.Host, Device: event.MakeDevice(unix.Major(s.Dev), unix.Minor(s.Dev)), Inode: s.Ino}
}

// hashOf reads a regular file.
func hashOf(ctx context.Context, f *facts) *event.Hash {
	if f.size > digest.MaxSize {
		return &event.Hash{State: event.HashTooLarge}
	}
	sum := sha256.New()
	n, err := copyAll(ctx, sum, f.file, digest.MaxSize)
	switch {
	case err != nil:
		return &event.Hash{State: event.HashFailed}
	case n > digest.MaxSize:
		return &event.Hash{State: event.HashTooLarge}
	}
	return &event.Hash{State: event.HashOK, SHA256: hex.EncodeToString(sum.Sum(nil))}
}

// copyAll copies at most a byte over limit, until the context ends.
func copyAll(ctx context.Context, to io.Writer, from io.Reader, limit int64) (int64, error) {
	return io.Copy(to, &patient{ctx, io.LimitReader(from, limit+1)})
}

// patient is a reader that ends with its context.
type patient struct {
	ctx  context.Context
	from io.Reader
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.from.Read(b)
}
