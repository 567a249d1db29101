// Package digest computes SHA-256 of executed and written files, off the path
// of the events. A file is read once per (device, inode, ctime, size): any
// change of its content changes its ctime, which user space cannot set.
package digest

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// Limits. Behind a full queue a request is refused (and counted), not waited for.
const (
	// MaxSize of a file that is read, in bytes.
	MaxSize   = 64 << 20
	queueSize = 1024
	cacheSize = 8192
	workers   = 2
)

// File says which file is meant and by which ways it may be reached.
type File struct {
	// PID whose executed file it is, if Image; whose root Path is under, if not.
	PID   uint32
	Image bool
	Path  string
	// HostRoot says that Path may be opened from the agent's own root.
	HostRoot bool
	// Others are processes of the same mount namespace, for when PID is gone.
	Others []uint32
	// Inode, Device, Gen and Size as the kernel's record has them.
	Inode  uint64
	Device event.Device
	Gen    uint32
	Size   uint64
}

// content is a file's content as a record names it, without a change time. It
// stands for a version only where the file itself is gone.
type content struct {
	inode  uint64
	device event.Device
	gen    uint32
	size   uint64
}

// Done is the answer to one request.
type Done struct {
	Token any
	Hash  event.Hash
}

// Hasher is a pool of workers. Make it with New, run it with Run.
type Hasher struct {
	proc     procfs.FS
	requests chan request
	done     chan Done
	refused  atomic.Uint64

	mu    sync.Mutex
	cache map[version]*list.Element
	order *list.List // of *entry, most recently used first
	// last has the latest digest of files that were reached, for records of
	// the same file that come when it is gone: written, executed and deleted
	// within milliseconds. Every write in between would have been a record,
	// and a later digest, of its own.
	last map[content]string
}

type request struct {
	file  File
	token any
}

// version identifies content.
type version struct {
	dev, ino     uint64
	ctime, nanos int64
	size         int64
}

type entry struct {
	version version
	sum     string
}

// New returns a pool that does not run yet.
func New(proc procfs.FS) *Hasher {
	return &Hasher{
		proc: proc, requests: make(chan request, queueSize), done: make(chan Done, queueSize),
		cache: map[version]*list.Element{}, order: list.New(), last: map[content]string{},
	}
}

// Run works until the context ends.
func (h *Hasher) Run(ctx context.Context) {
	var group sync.WaitGroup
	for range workers {
		group.Go(func() { h.work(ctx) })
	}
	group.Wait()
}

// Done is where answers arrive, in any order; it must be drained.
func (h *Hasher) Done() <-chan Done { return h.done }

// Refused counts the requests that met a full queue.
func (h *Hasher) Refused() uint64 { return h.refused.Load() }

// Submit asks for a digest and never blocks; false means that the queue is full.
func (h *Hasher) Submit(file File, token any) bool {
	select {
	case h.requests <- request{file, token}:
		return true
	default:
		h.refused.Add(1)
		return false
	}
}

func (h *Hasher) work(ctx context.Context) {
	buffer := make([]byte, 128<<10)
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-h.requests:
			answer := Done{Token: r.token, Hash: h.recall(&r.file, h.hash(ctx, &r.file, buffer))}
			select {
			case h.done <- answer:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (h *Hasher) hash(ctx context.Context, file *File, buffer []byte) event.Hash {
	f := h.reach(file)
	if f == nil {
		return event.Hash{State: event.HashFailed}
	}
	defer f.Close()
	before, err := stat(f)
	if err != nil {
		return event.Hash{State: event.HashFailed}
	}
	if before.size > MaxSize {
		return event.Hash{State: event.HashTooLarge}
	}
	if sum, found := h.cached(before); found {
		return event.Hash{SHA256: sum, State: event.HashOK}
	}
	sum, err := sum(ctx, f, buffer)
	if after, statErr := stat(f); err != nil || statErr != nil || after != before {
		return event.Hash{State: event.HashFailed}
	}
	h.keep(before, sum)
	return event.Hash{SHA256: sum, State: event.HashOK}
}

// recall remembers a digest, or stands in for one that cannot be had any more.
func (h *Hasher) recall(file *File, hash event.Hash) event.Hash {
	if file.Gen == 0 {
		return hash // the number may belong to another file by now
	}
	key := content{file.Inode, file.Device, file.Gen, file.Size}
	h.mu.Lock()
	defer h.mu.Unlock()
	if hash.State == event.HashFailed && h.last[key] != "" {
		return event.Hash{SHA256: h.last[key], State: event.HashOK}
	}
	if hash.State == event.HashOK {
		if len(h.last) >= cacheSize {
			clear(h.last)
		}
		h.last[key] = hash.SHA256
	}
	return hash
}

// reach opens the file by the first way that leads to the right inode.
func (h *Hasher) reach(file *File) *os.File {
	if file.Image {
		if f, err := procfs.Open(h.proc.Exe(file.PID)); err == nil && file.Is(f) {
			return f
		} else if err == nil {
			_ = f.Close()
		}
	}
	if file.HostRoot {
		if f, err := procfs.Open(file.Path); err == nil && file.Is(f) {
			return f
		} else if err == nil {
			_ = f.Close()
		}
		return nil
	}
	for _, pid := range append([]uint32{file.PID}, file.Others...) {
		if f, err := h.proc.OpenIn(pid, file.Path); err == nil && file.Is(f) {
			return f
		} else if err == nil {
			_ = f.Close()
		}
	}
	return nil
}

// Is reports whether f, which need not be open for reading, is the file that
// the record speaks of.
func (file *File) Is(f *os.File) bool {
	v, err := stat(f)
	if err != nil || v.ino != file.Inode {
		return false
	}
	return event.MakeDevice(unix.Major(v.dev), unix.Minor(v.dev)) == file.Device || LooseDevice(f)
}

// LooseDevice reports a file system that shows stat another device number than
// its super block's, or that of the layer below: overlayfs and btrfs.
func LooseDevice(f *os.File) bool {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &s); err != nil {
		return false
	}
	return s.Type == unix.OVERLAYFS_SUPER_MAGIC || s.Type == unix.BTRFS_SUPER_MAGIC
}

func stat(f *os.File) (version, error) {
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return version{}, err
	}
	return version{dev: s.Dev, ino: s.Ino, ctime: s.Ctim.Sec, nanos: s.Ctim.Nsec, size: s.Size}, nil
}

// sum reads at most MaxSize, however the file grows meanwhile.
func sum(ctx context.Context, f *os.File, buffer []byte) (string, error) {
	digest := sha256.New()
	for total := 0; total <= MaxSize; {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		n, err := f.Read(buffer)
		digest.Write(buffer[:n])
		total += n
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(digest.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("file grew past the limit")
}

func (h *Hasher) cached(v version) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.cache[v]
	if e == nil {
		return "", false
	}
	h.order.MoveToFront(e)
	return e.Value.(*entry).sum, true
}

func (h *Hasher) keep(v version, sum string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cache[v] != nil {
		return
	}
	if h.order.Len() >= cacheSize {
		last := h.order.Back()
		delete(h.cache, last.Value.(*entry).version)
		h.order.Remove(last)
	}
	h.cache[v] = h.order.PushFront(&entry{v, sum})
}
