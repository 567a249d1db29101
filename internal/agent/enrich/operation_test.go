package enrich

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

func TestOperations(t *testing.T) {
	for _, c := range []struct {
		rec  sensor.Record
		want event.Operation
	}{
		{sensor.Record{Kind: event.ProcessPtrace, Request: sensor.RequestVMWrite}, event.Operation{Name: "process_vm_writev"}},
		{sensor.Record{Kind: event.ProcessSignal, Request: 9}, event.Operation{Name: "SIGKILL"}},
		{sensor.Record{Kind: event.ProcessSignal, Request: 60}, event.Operation{Name: "60"}},
		{
			sensor.Record{Kind: event.ProcessNamespace, Request: sensor.NamespaceUnshare, Flags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS},
			event.Operation{Name: "unshare", Flags: []string{"mnt", "user"}},
		},
		{
			sensor.Record{Kind: event.ProcessNamespace, Request: sensor.NamespaceSetns, Type: "pid_for_children"},
			event.Operation{Name: "setns", Flags: []string{"pid"}},
		},
		{
			sensor.Record{Kind: event.KernelMount, Request: sensor.MountMount, Object: "/a", Flags: 0xc0ed0000 | unix.MS_BIND | unix.MS_REC},
			event.Operation{Name: "bind", Object: "/a", Flags: []string{"bind", "rec"}},
		},
		{
			sensor.Record{Kind: event.KernelMount, Request: sensor.MountMount, Flags: unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY},
			event.Operation{Name: "remount", Flags: []string{"ro", "remount", "bind"}},
		},
		{
			sensor.Record{Kind: event.KernelMount, Request: sensor.MountMount, Flags: unix.MS_PRIVATE},
			event.Operation{Name: "propagation", Flags: []string{"private"}},
		},
		{sensor.Record{Kind: event.KernelMount, Request: sensor.MountMount, Type: "tmpfs"}, event.Operation{Name: "mount", Type: "tmpfs"}},
		{sensor.Record{Kind: event.KernelMount, Request: sensor.MountUmount, Flags: 2}, event.Operation{Name: "umount"}},
		{
			sensor.Record{Kind: event.KernelModule, Request: sensor.ModuleLoad, Object: "m", Flags: 1<<12 | 1<<13},
			event.Operation{Name: "load", Object: "m", Flags: []string{"out_of_tree", "unsigned"}},
		},
		{
			sensor.Record{Kind: event.KernelBPF, Request: unix.BPF_PROG_LOAD, Code: 29, Object: "p"},
			event.Operation{Name: "prog_load", Type: "lsm", Object: "p"},
		},
		{sensor.Record{Kind: event.KernelKexec, Request: sensor.KexecFileLoad}, event.Operation{Name: "kexec_file_load"}},
		{
			sensor.Record{Kind: event.ProcessControl, Request: sensor.ControlSeccomp, Code: 1, Flags: 8},
			event.Operation{Name: "seccomp", Type: "filter", Flags: []string{"new_listener"}},
		},
		{
			sensor.Record{Kind: event.ProcessControl, Request: sensor.ControlPrctl, Code: unix.PR_SET_MM, Flags: unix.PR_SET_MM_EXE_FILE},
			event.Operation{Name: "pr_set_mm", Type: "exe_file"},
		},
		{
			sensor.Record{Kind: event.ProcessControl, Request: sensor.ControlPrctl, Code: unix.PR_SET_PTRACER, Flags: ^uint64(0)},
			event.Operation{Name: "pr_set_ptracer", Object: "-1"},
		},
	} {
		got := operationOf(&c.rec)
		if got.Name != c.want.Name || got.Object != c.want.Object || got.Type != c.want.Type || !slices.Equal(got.Flags, c.want.Flags) {
			t.Errorf("%+v\ngives %+v\nwant  %+v", c.rec, *got, c.want)
		}
	}
}

func TestBitsWithoutAName(t *testing.T) {
	if got := bits([]string{"zero", ""}, 0b111|1<<40); !slices.Equal(got, []string{"zero", "bit1", "bit2", "bit40"}) {
		t.Errorf("%v", got)
	}
}

func TestASignalHasItsTarget(t *testing.T) {
	w := newWorld(t)
	victim, _ := w.spawn(1, "/usr/sbin/auditd")
	killer, _ := w.spawn(1, "/usr/bin/kill")
	w.record(event.ProcessSignal, killer, func(r *sensor.Record) { r.Request, r.Child = 9, w.tasks[victim] })
	ev := w.last(event.ProcessSignal)
	if ev.Process.Executable != "/usr/bin/kill" || ev.Target.Executable != "/usr/sbin/auditd" || ev.Operation.Name != "SIGKILL" {
		t.Errorf("%+v", ev)
	}
}

func TestMountsHaveTheirPlace(t *testing.T) {
	w := newWorld(t)
	pid, _ := w.spawn(1, "/usr/bin/mount")
	w.record(event.KernelMount, pid, func(r *sensor.Record) {
		r.Request, r.Flags, r.Object, r.Ring = sensor.MountMount, unix.MS_BIND, "/tmp/x", true
		r.File = &sensor.File{FileRef: sensor.FileRef{Path: "/usr/bin/dpkg"}, FromUser: true}
	})
	ev := w.last(event.KernelMount)
	if ev.File.Path != "/usr/bin/dpkg" || !ev.File.FromUser || ev.Operation.Name != "bind" || ev.Operation.Object != "/tmp/x" || ev.Via != event.ViaRing {
		t.Errorf("%+v of %+v", ev.Operation, ev.File)
	}
}

// Capabilities that an exec brings are a change of credentials of their own, and
// say in which user namespace they hold.
func TestCapabilitiesGained(t *testing.T) {
	w := newWorld(t)
	pid := w.fork(1)
	task := w.tasks[pid]
	task.Credentials = sensor.Credentials{UID: 1000, EUID: 1000, Effective: 1 << 13}
	w.Handle(w.now, &sensor.Record{
		Kind: event.ProcessExec, Mono: w.tick(), Task: *task, Exec: &sensor.Exec{Image: file("/usr/bin/ping"), Args: []string{"ping"}},
		OldCredentials: &sensor.Credentials{UID: 1000, EUID: 1000},
	})
	ev := w.last(event.ProcessCredentials)
	if ev.Operation.Name != "capabilities" || !slices.Equal(ev.Operation.Flags, []string{"cap_net_raw"}) || ev.Process.Executable != "/usr/bin/ping" {
		t.Errorf("%+v of %s", ev.Operation, ev.Process.Executable)
	}
	w.record(event.ProcessCredentials, pid, func(r *sensor.Record) {
		r.Request, r.Code, r.OldCredentials = sensor.CredentialsUnexplained, 1, &sensor.Credentials{Effective: ^uint64(0)}
	})
	if o := w.last(event.ProcessCredentials).Operation; o.Name != "unexplained" || o.Type != "user_namespace" || o.Flags != nil {
		t.Errorf("%+v", o)
	}
	w.record(event.ProcessCredentials, pid, func(r *sensor.Record) { r.OldCredentials = &sensor.Credentials{Effective: ^uint64(0)} })
	if o := w.last(event.ProcessCredentials).Operation; o != nil {
		t.Errorf("a change without a gain: %+v", o)
	}
}

// A foreign image is one for its children too, as parent and as ancestor; in a
// container nothing is foreign.
func TestForeignImages(t *testing.T) {
	w := newWorld(t)
	pid := w.fork(1)
	foreign := file("/usr/bin/dpkg")
	foreign.Foreign = true
	exec := func(pid uint32) {
		w.Handle(w.now, &sensor.Record{
			Kind: event.ProcessExec, Mono: w.tick(), Task: *w.tasks[pid], Exec: &sensor.Exec{Image: foreign, Args: []string{"dpkg"}},
		})
	}
	exec(pid)
	if ev := w.last(event.ProcessExec); !ev.Process.Exe.Foreign {
		t.Errorf("%+v", ev.Process.Exe)
	}
	child, ev := w.spawn(pid, "/bin/sh")
	if ev.Process.Exe.Foreign || ev.Process.Parent.Exe == nil || !ev.Process.Parent.Exe.Foreign {
		t.Errorf("child %+v, parent %+v", ev.Process.Exe, ev.Process.Parent.Exe)
	}
	if _, ev := w.spawn(child, "/bin/cat"); ev.Process.Parent.Exe != nil || !ev.Process.Ancestors[0].Exe.Foreign {
		t.Errorf("grandchild: parent %+v, above %+v", ev.Process.Parent.Exe, ev.Process.Ancestors[0].Exe)
	}
	boxed := w.fork(1)
	w.tasks[boxed].MountNS = 99
	w.appear(w.tasks[boxed], "/docker/"+strings.Repeat("ab", 32))
	exec(boxed)
	if ev := w.last(event.ProcessExec); ev.Process.Exe.Foreign || ev.Container == nil {
		t.Errorf("in %+v: %+v", ev.Container, ev.Process.Exe)
	}
}
