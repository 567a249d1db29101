package sensor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// These tests do to the sensor what would blind it, and go where it might not
// look.

// A link stays what it is, but runs another program: one that sees nothing.
func TestAReplacedProgramIsToldAndAttachedAgain(t *testing.T) {
	l := shared(t)
	nothing, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "nothing", Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupInet6Connect, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer nothing.Close()
	outside, err := link.NewFromID(attachment(t, l.sensor, sensorProgOnConnect6).id)
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	if err := outside.Update(nothing); err != nil {
		t.Fatal(err)
	}
	l.await("the replaced program", told("on_connect6: its program was replaced", "attached again"))
	l.await("what that means for its class", func(r *Record) bool {
		return r.Coverage != nil && r.Coverage.Class == event.ClassNetwork && r.Coverage.State == event.CoverageLost && strings.Contains(r.Coverage.Reason, "replaced")
	})
	r := l.await("who did it", func(r *Record) bool {
		return ofPID(event.KernelBPF, os.Getpid())(r) && r.Request == unix.BPF_LINK_UPDATE
	})
	if r.Object != "nothing" || r.Child == nil || int(r.Child.PID) != os.Getpid() {
		t.Errorf("%q, of %+v", r.Object, r.Child)
	}
}

// Where programs are on functions, one setting switches all of them off, unless
// the kernel refuses that.
func TestSwitchedOffFunctionsAreTold(t *testing.T) {
	l := shared(t)
	if !l.mediated() {
		return // no programs on functions
	}
	if err := os.WriteFile(functionSwitch, []byte("0"), 0); err != nil {
		t.Logf("the kernel refuses: %v", err)
		return
	}
	defer func() {
		if err := os.WriteFile(functionSwitch, []byte("1"), 0); err != nil {
			t.Error(err)
		}
	}()
	l.await("the switch", told("kernel.ftrace_enabled is 0"))
	for _, class := range []event.Class{event.ClassProcess, event.ClassFile, event.ClassNetwork} {
		l.await("what that means for "+string(class), func(r *Record) bool {
			return r.Coverage != nil && r.Coverage.Class == class && r.Coverage.State == event.CoverageLost && strings.Contains(r.Coverage.Reason, "switched off")
		})
	}
	setting := l.await("the setting", func(r *Record) bool {
		return ofPID(event.FileOpen, os.Getpid())(r) && r.File.Path == functionSwitch
	})
	if setting.File.Watch != WatchSetting {
		t.Errorf("%+v", setting.File)
	}
}

// Who holds a map of the sensor's can take the watches out of it, or give other
// orders.
func TestReachingForTheSensorsMapsIsTold(t *testing.T) {
	l := shared(t)
	other, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, m := range []*ebpf.Map{other, l.sensor.loader.maps[sensorMapWatches], l.sensor.loader.maps[ordersData]} {
		info, err := m.Info()
		if err != nil {
			t.Fatal(err)
		}
		id, _ := info.ID()
		taken, err := ebpf.NewMapFromID(id)
		if err != nil {
			t.Fatal(err)
		}
		taken.Close()
	}
	reached := func(r *Record) bool {
		return ofPID(event.KernelBPF, os.Getpid())(r) && r.Request == unix.BPF_MAP_GET_FD_BY_ID
	}
	r := l.await("who reached for a map", reached)
	if r.Child == nil || int(r.Child.PID) != os.Getpid() {
		t.Errorf("of %+v", r.Child)
	}
	// The close-write comes after all three.
	name := filepath.Join(t.TempDir(), "after")
	l.fileOf(event.FileCreate, act(t, "leave", name).pid, name)
	_, times := l.observed(reached)
	if times != 2 {
		t.Errorf("%d maps reached for, want the sensor's 2 of 3", times)
	}
}

// However somebody got hold of the maps: what is in them is put right.
func TestWhatTheProgramsAreToldIsPutRight(t *testing.T) {
	l := shared(t)
	key, err := Watch{WatchCredentials, "/etc/gshadow"}.key()
	if err != nil {
		t.Fatal(err)
	}
	watches := l.sensor.loader.maps[sensorMapWatches]
	if err := watches.Delete(key); err != nil {
		t.Fatal(err)
	}
	if err := l.sensor.loader.variables[sensorVarMediated].Set(^uint64(0)); err != nil {
		t.Fatal(err)
	}
	if err := l.sensor.orders.table.Put(uint32(0), struct{ Wake, Unasked uint64 }{1 << 40, ^uint64(0)}); err != nil {
		t.Fatal(err)
	}
	// The reader gives orders, too, so that those may be right again by then.
	l.await("what was changed", told("programs are told", "mediated", "watches", "put right"))
	var found uint32
	if err := watches.Lookup(key, &found); err != nil {
		t.Errorf("the watch: %v", err)
	}
	var bits uint64
	if err := l.sensor.loader.variables[sensorVarMediated].Get(&bits); err != nil || bits == ^uint64(0) {
		t.Errorf("mediated %#x, %v", bits, err)
	}
	if l.sensor.orders.restore() {
		t.Error("the orders are not put right")
	}
	name := filepath.Join(t.TempDir(), ".aws", "credentials")
	if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.fileOf(event.FileOpen, run(t, "/bin/cat", name), name)
}

func TestOpensByHandleAreOpens(t *testing.T) {
	l := shared(t)
	h := act(t, "byhandle", "/etc/shadow")
	r := l.fileOf(event.FileOpen, h.pid, "/etc/shadow")
	if r.File.Watch != WatchCredentials || r.File.Inode != inode(t, "/etc/shadow") || r.File.FromUser {
		t.Errorf("%+v", r.File)
	}
}

// The kernel's own file systems are watched wherever they are mounted, and the
// memory of a process is known to be its own or another's by whose it is.
func TestOtherMountsOfProcHideNothing(t *testing.T) {
	l := shared(t)
	dir := t.TempDir()
	victim := prepare(t, nil, "burst", "0")
	mounts := func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS} }
	h := prepare(t, mounts, "otherproc", dir, itoa(victim.pid))
	h.finish()
	entry := filepath.Join(dir, itoa(victim.pid), "task", itoa(victim.pid), "mem")
	r := l.fileOf(event.FileOpen, h.pid, entry)
	if r.File.Watch != WatchMemory || r.Child == nil || int(r.Child.PID) != victim.pid || r.Child.Start/tick != victim.ticks {
		t.Errorf("%+v of %+v", r.File, r.Child)
	}
	if r := l.fileOf(event.FileOpen, h.pid, filepath.Join(dir, "sys/kernel/core_pattern")); r.File.Watch != WatchSetting || r.Child != nil {
		t.Errorf("%+v of %+v", r.File, r.Child)
	}
	victim.finish()
	own, _ := l.matching(func(r *Record) bool {
		return ofPID(event.FileOpen, h.pid)(r) && filepath.Base(r.File.Path) == "environ"
	})
	for _, r := range own {
		t.Errorf("its own %+v", r.File)
	}
}

// A number in a namespace of its own makes nobody the process that has this number
// outside.
func TestTheSameNumberIsAnotherProcess(t *testing.T) {
	l := shared(t)
	numbers := func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID} }
	victim := prepare(t, nil, "burst", "0")
	prepare(t, numbers, "samenumber", itoa(victim.pid)).finish()
	r := l.await("the open", func(r *Record) bool {
		return r.Kind == event.FileOpen && r.File.Path == "/proc/"+itoa(victim.pid)+"/environ" && int(r.Task.NamespacePID) == victim.pid
	})
	if r.File.Watch != WatchMemory || r.Child == nil || int(r.Child.PID) != victim.pid || int(r.Task.PID) == victim.pid {
		t.Errorf("%+v of %+v by %+v", r.File, r.Child, r.Task)
	}
	victim.finish()
}

// Where a path is longer than any name of a file may be, its end is told.
func TestTheDeepestPathsHaveTheirEnds(t *testing.T) {
	l := shared(t)
	h := act(t, "deep", t.TempDir(), "left")
	ends := func(path, end string) bool { return strings.HasPrefix(path, "…/") && strings.HasSuffix(path, end) }
	l.await("the open", func(r *Record) bool {
		return ofPID(event.FileOpen, h.pid)(r) && r.File.Watch == WatchCloud && ends(r.File.Path, "/.aws/credentials")
	})
	l.await("the exec", func(r *Record) bool {
		return ofPID(event.ProcessExec, h.pid)(r) && ends(r.Exec.Image.Path, "/image")
	})
}
