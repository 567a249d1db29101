package action

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"baize/internal/agent/container"
	"baize/internal/agent/procfs"
	"baize/internal/agent/tree"
)

// Programs of the host that keep it reachable and its containers alive. A file of
// such a name elsewhere, or in a container, is none of them.
var (
	sshPrograms = []string{
		"/usr/sbin/sshd", "/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session", "/usr/lib/openssh/sshd-auth", "/usr/libexec/openssh/sshd-auth",
		"/usr/lib/ssh/sshd-session", "/usr/sbin/dropbear",
	}
	runtimePrograms = []string{
		"/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/bin/containerd", "/usr/bin/containerd-shim", "/usr/bin/containerd-shim-runc-v2",
		"/usr/local/bin/containerd", "/usr/local/bin/containerd-shim-runc-v2", "/usr/bin/conmon", "/usr/libexec/podman/conmon", "/usr/bin/crio",
		"/usr/bin/kubelet", "/usr/local/bin/kubelet",
	}
)

// file is an executed file: an inode says more than a name.
type file struct{ device, inode uint64 }

// guard keeps actions off what they must not touch.
type guard struct {
	x *Executor
	// programs that are protected for whoever runs them as root, and those that
	// the owner named, for anybody.
	programs, named map[file]string
	policy          Protected
	// server are the sockets that the server listens on, if it does here.
	server map[string]bool
}

func (x *Executor) guard() (*guard, error) {
	policy, err := LoadPolicy(x.options.Dir)
	if err != nil {
		return nil, refusal{err}
	}
	g := &guard{x: x, programs: map[file]string{}, named: map[file]string{}, policy: policy.Protect, server: x.serverSockets()}
	for what, paths := range map[string][]string{"ssh server": sshPrograms, "container runtime": runtimePrograms} {
		for _, path := range paths {
			if at, err := fileAt(path); err == nil {
				g.programs[at] = what
			}
		}
	}
	for _, path := range policy.Protect.Executables {
		at, err := fileAt(path)
		if err != nil {
			continue // nobody executes what is not there
		}
		g.named[at] = path
	}
	return g, nil
}

func fileAt(path string) (file, error) {
	var s unix.Stat_t
	err := unix.Stat(path, &s)
	return file{s.Dev, s.Ino}, err
}

// serverSockets are the sockets that listen on the server's port, where that is
// on this host.
func (x *Executor) serverSockets() map[string]bool {
	if x.options.Server == nil {
		return nil
	}
	host, port, err := net.SplitHostPort(x.options.Server())
	if err != nil {
		return nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || !local(host) {
		return nil
	}
	return x.options.Proc.Listening(uint16(number))
}

// local reports whether a host is this one, by its addresses.
func local(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	if err != nil || addr.IsLoopback() {
		return addr.IsLoopback()
	}
	return slices.ContainsFunc(own, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr() == addr.Unmap()
	})
}

// member says why a process must be left alone, nil if it need not.
func (g *guard) member(m tree.Member) error {
	if why := g.reason(m); why != "" {
		return refuse("process %d (%s) is protected: %s", m.PID, m.Name, why)
	}
	if covers := g.x.options.Covers; covers != nil && !covers(m.PID) {
		return refuse("process %d: %w", m.PID, errScope)
	}
	return nil
}

func (g *guard) reason(m tree.Member) string {
	proc := g.x.options.Proc
	switch {
	case m.PID == 1:
		return "the host's init"
	case m.Kernel:
		return "a kernel thread"
	case m.PID == uint32(os.Getpid()):
		return "the agent"
	case proc.HoldsSocket(m.PID, g.server):
		return "the server"
	}
	groups, err := proc.Cgroups(m.PID)
	if err != nil {
		return ""
	}
	box, contained := container.FromCgroups(groups)
	if g.x.options.Covers != nil && !contained && proc.Innermost(m.PID) == 1 {
		return "the nested host's init"
	}
	if image, err := proc.Image(m.PID); err == nil {
		at := file{image.Dev, image.Ino}
		if path, named := g.named[at]; named {
			return "this host's policy names " + path
		}
		if what, one := g.programs[at]; one && !contained && g.trusted(m) {
			return "a part of the host's " + what
		}
	}
	return g.placed(groups, box.ID)
}

// trusted : a user who starts a program of the host has not made himself part of
// the host by that. A login's own process runs as the user, and its parent as root.
func (g *guard) trusted(m tree.Member) bool {
	return g.x.options.Proc.ByRoot(m.PID) || g.x.options.Proc.ByRoot(m.Parent) && sameImage(g.x.options.Proc, m.PID, m.Parent)
}

func sameImage(proc procfs.FS, a, b uint32) bool {
	one, err := proc.Image(a)
	if err != nil {
		return false
	}
	other, err := proc.Image(b)
	return err == nil && one.Dev == other.Dev && one.Ino == other.Ino
}

func (g *guard) placed(groups []procfs.Cgroup, box string) string {
	if unit := container.Unit(groups); unit != "" && slices.Contains(g.policy.Units, unit) {
		return "this host's policy names " + unit
	}
	for _, id := range g.policy.Containers {
		if len(id) >= 12 && strings.HasPrefix(box, id) {
			return "this host's policy names container " + id
		}
	}
	return ""
}

// path says why a file must be left alone.
func (g *guard) path(path string) error {
	own, err := filepath.Abs(g.x.options.Dir)
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(own); err == nil {
		own = target
	}
	for why, paths := range map[string][]string{"the agent's own": {own}, "named by this host's policy": g.policy.Paths} {
		for _, above := range paths {
			if path == above || strings.HasPrefix(path, strings.TrimSuffix(above, "/")+"/") {
				return refuse("%s is protected: %s", path, why)
			}
		}
	}
	return nil
}

// inode says why a file must be left alone whatever it is called.
func (g *guard) inode(at file) error {
	if what, one := g.programs[at]; one {
		return refuse("it is protected: a part of the host's %s", what)
	}
	if path, named := g.named[at]; named {
		return refuse("it is protected: this host's policy names %s", path)
	}
	if own, err := os.Executable(); err == nil {
		if image, err := fileAt(own); err == nil && image == at {
			return refuse("it is protected: %s is the agent", own)
		}
	}
	if init, err := g.x.options.Proc.Image(1); err == nil && at == (file{init.Dev, init.Ino}) {
		return refuse("it is protected: %s is the host's init", fmt.Sprint(g.x.options.Proc.ExePath(1)))
	}
	return nil
}
