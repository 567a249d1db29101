package agent

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"baize/internal/agent/container"
	"baize/internal/agent/procfs"
)

// Limits of the agent itself.
const (
	// softMemory is where the garbage collector begins to work harder,
	// hardMemory where the kernel ends the agent, both in bytes.
	softMemory = 48 << 20
	hardMemory = 256 << 20
	// cpuQuota of cpuPeriod, both in microseconds: one processor.
	cpuQuota  = 100_000
	cpuPeriod = 100_000
	// cpuWeight is relative to 100 (cgroup v2) or 1024 (v1). A group counts as
	// one process, however busy the host is: without a weight the agent would
	// starve, and lose events, just when much is happening.
	cpuWeight = 1000
	cpuShares = 10240
)

// confine puts the agent into a cgroup of its own, as far as this host allows:
// a security agent that can take a host down is worse than none. Under systemd
// the unit sets the limits.
func confine(host string, log *slog.Logger) {
	debug.SetMemoryLimit(softMemory)
	groups, err := procfs.FS{}.Cgroups(uint32(os.Getpid()))
	if err != nil || container.Unit(groups) != "" {
		return
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return
	}
	for _, h := range hierarchies(string(mounts)) {
		if err := h.join("baize-agent-" + host); err != nil {
			log.Warn("own cgroup", "hierarchy", h.mount, "error", err)
		}
	}
}

// hierarchy is a mounted cgroup hierarchy with the files that set our limits.
type hierarchy struct {
	mount    string
	settings map[string]string
}

// hierarchies finds those that can limit memory and processor time.
func hierarchies(mountinfo string) []hierarchy {
	var found []hierarchy
	for line := range strings.Lines(mountinfo) {
		mount, fs, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, options := strings.Fields(mount), strings.Fields(fs)
		if !ok || len(fields) < 5 || len(options) < 3 {
			continue
		}
		h := hierarchy{mount: fields[4], settings: map[string]string{}}
		switch options[0] {
		case "cgroup2":
			h.unified()
		case "cgroup":
			h.legacy(strings.Split(options[2], ","))
		}
		if len(h.settings) > 0 {
			found = append(found, h)
		}
	}
	return found
}

// unified sets limits where the root hands its controllers down already: the
// agent does not reconfigure the host.
func (h *hierarchy) unified() {
	enabled, err := os.ReadFile(filepath.Join(h.mount, "cgroup.subtree_control"))
	if err != nil {
		return
	}
	for _, controller := range strings.Fields(string(enabled)) {
		switch controller {
		case "memory":
			h.settings["memory.max"] = strconv.Itoa(hardMemory)
		case "cpu":
			h.settings["cpu.max"] = fmt.Sprintf("%d %d", cpuQuota, cpuPeriod)
			h.settings["cpu.weight"] = strconv.Itoa(cpuWeight)
		}
	}
}

func (h *hierarchy) legacy(controllers []string) {
	for _, controller := range controllers {
		switch controller {
		case "memory":
			h.settings["memory.limit_in_bytes"] = strconv.Itoa(hardMemory)
		case "cpu":
			h.settings["cpu.cfs_period_us"] = strconv.Itoa(cpuPeriod)
			h.settings["cpu.cfs_quota_us"] = strconv.Itoa(cpuQuota)
			h.settings["cpu.shares"] = strconv.Itoa(cpuShares)
		}
	}
}

func (h *hierarchy) join(name string) error {
	dir := filepath.Join(h.mount, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for file, value := range h.settings {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0)
}

// unneeded are the capabilities that nothing in the agent uses once the sensor
// is armed.
var unneeded = []int{
	unix.CAP_AUDIT_CONTROL, unix.CAP_AUDIT_WRITE, unix.CAP_BLOCK_SUSPEND, unix.CAP_IPC_LOCK,
	unix.CAP_IPC_OWNER, unix.CAP_LEASE, unix.CAP_MAC_ADMIN, unix.CAP_MAC_OVERRIDE,
	unix.CAP_MKNOD, unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_BROADCAST, unix.CAP_NET_RAW,
	unix.CAP_SYSLOG, unix.CAP_SYS_BOOT, unix.CAP_SYS_CHROOT, unix.CAP_SYS_MODULE,
	unix.CAP_SYS_NICE, unix.CAP_SYS_PACCT, unix.CAP_SYS_RAWIO, unix.CAP_SYS_TIME, unix.CAP_SYS_TTY_CONFIG, unix.CAP_WAKE_ALARM,
}

// shed gives those up for good, in every thread, together with the way to gain
// any by executing something.
func shed(log *slog.Logger) {
	for _, c := range unneeded {
		_, _, _ = syscall.AllThreadsSyscall(syscall.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(c), 0)
	}
	if _, _, errno := syscall.AllThreadsSyscall6(syscall.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		log.Warn("no_new_privs", "error", errno)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		log.Warn("capabilities", "error", err)
		return
	}
	for _, c := range unneeded {
		mask := ^(uint32(1) << (c % 32))
		sets[c/32].Effective &= mask
		sets[c/32].Permitted &= mask
		sets[c/32].Inheritable &= mask
	}
	_, _, errno := syscall.AllThreadsSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets[0])), 0)
	if errno != 0 {
		log.Warn("capabilities not given up", "error", errno)
	}
}
