package probe

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/probe/target"
)

// directories are where a probe's file and channel may lie in a target's root:
// the first that its user can write to.
var directories = []string{"/tmp", "/dev/shm", "/var/run", "/run"}

// place is where the probe of one process lies, in the target's root. All of it
// is made as the target's user, who so can use it, and whose file systems may
// know no other.
type place struct {
	// Dir is the directory, as the target sees it.
	Dir string `json:"dir"`
	// Base is the beginning of the names.
	Base string `json:"base"`
	// FIFO says that the channel is a pair of FIFOs.
	FIFO bool `json:"fifo,omitempty"`
	// UID and GID are those of the target.
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
}

func (p *place) jar() string    { return p.Base + ".jar" }
func (p *place) socket() string { return p.Base + ".sock" }
func (p *place) in() string     { return p.Base + ".in" }
func (p *place) out() string    { return p.Base + ".out" }

func (p *place) path(name string) string { return p.Dir + "/" + name }

// arguments are what the probe is told.
func (p *place) arguments(token string, grace time.Duration) string {
	channel := "socket=" + p.path(p.socket())
	if p.FIFO {
		channel = "fifo=" + p.path(p.Base)
	}
	return fmt.Sprintf("jar=%s,%s,token=%s,grace=%d", p.path(p.jar()), channel, token, int(grace.Seconds()))
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// choose copies the probe's file into a target's root.
func choose(p *target.Process, fifo bool, jar *jar) (*place, *os.File, error) {
	status, err := p.Status()
	if err != nil {
		return nil, nil, err
	}
	at := &place{Base: ".baize-" + random(8), FIFO: fifo, UID: status.UID, GID: status.GID}
	var failed error
	for _, at.Dir = range directories {
		dir, err := p.Dir(at.Dir)
		if err == nil {
			if err = jar.copy(dir, at); err == nil {
				return at, dir, nil
			}
			_ = dir.Close()
		}
		failed = errors.Join(failed, err)
	}
	if err := p.Alive(); err != nil {
		return nil, nil, err
	}
	return nil, nil, target.Fail(target.ReadOnly, failed)
}

// jar is the file of a probe beside the agent's program.
type jar struct {
	path string
	// sum is its content's SHA-256, hexadecimal.
	sum string
}

// maxJar bounds the file of a probe, in bytes.
const maxJar = 32 << 20

// readJar takes the content's hash: what is copied later must be the same.
func readJar(path string) (*jar, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, maxJar+1))
	switch {
	case err != nil:
		return nil, err
	case n > maxJar:
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxJar)
	}
	return &jar{path, hex.EncodeToString(sum.Sum(nil))}, nil
}

// copy copies the file into a directory of the target, reads it back, and
// compares.
func (j *jar) copy(dir *os.File, at *place) error {
	from, err := os.Open(j.path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := target.Create(dir, at.jar(), 0o600, at.UID, at.GID)
	if err != nil {
		return err
	}
	defer to.Close()
	sum := sha256.New()
	_, err = io.Copy(to, io.LimitReader(from, maxJar+1))
	if err == nil {
		_, err = io.Copy(sum, io.NewSectionReader(to, 0, maxJar+1))
	}
	if found := hex.EncodeToString(sum.Sum(nil)); err == nil && found != j.sum {
		err = fmt.Errorf("%s has SHA-256 %s in the target, not %s", at.jar(), found, j.sum)
	}
	if err != nil {
		_ = target.Remove(dir, at.jar())
	}
	return err
}

// remove takes everything away that was put there.
func (p *place) remove(dir *os.File) {
	for _, name := range []string{p.jar(), p.socket(), p.in(), p.out()} {
		_ = target.Remove(dir, name)
	}
}

// listen makes the socket. One of the same name is an earlier run's.
func (p *place) listen(dir *os.File) (*net.UnixListener, error) {
	_ = target.Remove(dir, p.socket())
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), p.socket())
	defer file.Close()
	path := target.Link(dir, p.socket())
	err = target.As(p.UID, p.GID, func() error {
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
			return fmt.Errorf("bind %s: %w", p.path(p.socket()), err)
		}
		return unix.Fchmodat(int(dir.Fd()), p.socket(), 0o600, 0)
	})
	if err == nil {
		err = unix.Listen(fd, 2)
	}
	if err != nil {
		return nil, err
	}
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	socket, ok := listener.(*net.UnixListener)
	if !ok {
		return nil, fmt.Errorf("a %T is no listener of a unix socket", listener)
	}
	socket.SetUnlinkOnClose(false)
	return socket, nil
}

// fifos are both directions of a channel without sockets.
type fifos struct{ in, out *os.File }

// open makes the FIFOs, and opens them so that no side waits for the other.
func (p *place) open(dir *os.File) (*fifos, error) {
	in, err := p.fifo(dir, p.in())
	if err != nil {
		return nil, err
	}
	out, err := p.fifo(dir, p.out())
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return &fifos{in, out}, nil
}

func (p *place) fifo(dir *os.File, name string) (*os.File, error) {
	_ = target.Remove(dir, name)
	fd := -1
	err := target.As(p.UID, p.GID, func() (err error) {
		if err = unix.Mkfifoat(int(dir.Fd()), name, 0o600); err != nil {
			return err
		}
		fd, err = unix.Openat(int(dir.Fd()), name, unix.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("FIFO %s: %w", p.path(name), err)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil, errors.Join(fmt.Errorf("%s is no FIFO", p.path(name)), err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Read reads what the probe says.
func (f *fifos) Read(b []byte) (int, error) { return f.out.Read(b) }

// Write tells the probe.
func (f *fifos) Write(b []byte) (int, error) { return f.in.Write(b) }

// Close closes both directions.
func (f *fifos) Close() error { return errors.Join(f.in.Close(), f.out.Close()) }

// SetReadDeadline and SetWriteDeadline are as those of a connection.
func (f *fifos) SetReadDeadline(t time.Time) error { return f.out.SetReadDeadline(t) }

// SetWriteDeadline bounds the writing.
func (f *fifos) SetWriteDeadline(t time.Time) error { return f.in.SetWriteDeadline(t) }

// sameToken compares in a time that tells nothing.
func sameToken(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
