package enrich

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

func TestBoot(t *testing.T) {
	w := newWorld(t)
	kernel := w.fork(2)
	w.expect(w.last(event.ProcessFork), event.ContextBoot, 2, "")
	if !w.last(event.ProcessFork).Process.KernelThread {
		t.Errorf("%d is not known as a kernel thread", kernel)
	}
	w.expect(w.exec(1, "/lib/systemd/systemd"), event.ContextBoot, 1, "")
}

func TestAChildOfInitIsAService(t *testing.T) {
	w := newWorld(t)
	daemon, ev := w.spawn(1, "/usr/sbin/daemon")
	w.expect(ev, event.ContextService, daemon, "daemon")
	if ev.Process.Context.Parent != "boot:h/b/1/10" {
		t.Errorf("enclosed by %q", ev.Process.Context.Parent)
	}
	worker, ev := w.spawn(daemon, "/usr/bin/worker")
	w.expect(ev, event.ContextService, daemon, "daemon")
	_, ev = w.spawn(worker, "/bin/true")
	w.expect(ev, event.ContextService, daemon, "daemon")
}

func TestASystemdUnitIsAServiceWhileItsRootLives(t *testing.T) {
	w := newWorld(t)
	enter := func(pid uint32) {
		task := w.tasks[pid]
		task.Cgroup = 77
		w.appear(task, "/system.slice/nginx.service")
	}
	main := w.fork(1)
	enter(main)
	w.expect(w.exec(main, "/usr/sbin/nginx"), event.ContextService, main, "nginx.service")
	reload := w.fork(1)
	enter(reload)
	w.expect(w.exec(reload, "/bin/kill", "-HUP"), event.ContextService, main, "nginx.service")
	w.record(event.ProcessExit, main, nil)
	again := w.fork(1)
	enter(again)
	w.expect(w.exec(again, "/usr/sbin/nginx"), event.ContextService, again, "nginx.service")
}

func TestLogins(t *testing.T) {
	w := newWorld(t)
	sshd, ev := w.spawn(1, "/usr/sbin/sshd", "-D")
	w.listen(sshd)
	w.expect(ev, event.ContextService, sshd, "sshd")
	session, ev := w.spawn(sshd, "/usr/sbin/sshd", "-R") // re-executes itself for a connection
	w.expect(ev, event.ContextService, sshd, "sshd")
	shell, ev := w.spawn(session, "/bin/bash")
	w.expect(ev, event.ContextLogin, shell, "sshd")
	_, ev = w.spawn(shell, "/bin/ls")
	w.expect(ev, event.ContextLogin, shell, "sshd")
	tool, _ := w.spawn(shell, "/usr/bin/python3")
	w.listen(tool)
	w.expect(w.last(event.NetworkListen), event.ContextService, tool, "python3")
}

func TestAnAuditSessionIsALogin(t *testing.T) {
	w := newWorld(t)
	sshd, _ := w.spawn(1, "/usr/sbin/sshd")
	session := w.fork(sshd)
	w.tasks[session].Login, w.tasks[session].Session = 1000, 5
	w.record(event.ProcessCredentials, session, nil)
	ev := w.last(event.ProcessCredentials)
	w.expect(ev, event.ContextLogin, session, "sshd")
	if ev.Process.Session != 5 || ev.Process.Login == nil || *ev.Process.Login != 1000 {
		t.Errorf("session %d, login %v", ev.Process.Session, ev.Process.Login)
	}
	_, ev = w.spawn(session, "/bin/bash")
	w.expect(ev, event.ContextLogin, session, "sshd")
}

func TestJobs(t *testing.T) {
	w := newWorld(t)
	cron, _ := w.spawn(1, "/usr/sbin/cron", "-f")
	forked := w.fork(cron)
	w.tasks[forked].Login, w.tasks[forked].Session = 0, 9 // pam_loginuid
	w.record(event.ProcessCredentials, forked, nil)
	w.expect(w.last(event.ProcessCredentials), event.ContextService, cron, "cron")
	job, ev := w.spawn(forked, "/bin/sh", "-c", "job")
	w.expect(ev, event.ContextCron, job, "cron")
	_, ev = w.spawn(job, "/usr/bin/job")
	w.expect(ev, event.ContextCron, job, "cron")
	other, ev := w.spawn(w.fork(cron), "/bin/sh", "-c", "other")
	w.expect(ev, event.ContextCron, other, "cron")
}

func TestAServersShellIsAWebShell(t *testing.T) {
	w := newWorld(t)
	java, ev := w.spawn(1, "/usr/bin/java", "-jar", "app.jar")
	service := ev.Process.Context.ID
	w.listen(java)
	helper, ev := w.spawn(java, "/usr/lib/jvm/jspawnhelper")
	w.expect(ev, event.ContextService, java, "java")
	if ev.Process.Server {
		t.Error("what a server's child executes is not a server")
	}
	ev = w.exec(helper, "/bin/sh", "-c", "id") // the same process goes on as a shell
	w.expect(ev, event.ContextWebShell, helper, "java")
	if ev.Process.Context.Parent != service {
		t.Errorf("enclosed by %q, want %q", ev.Process.Context.Parent, service)
	}
	curl, ev := w.spawn(helper, "/usr/bin/curl")
	w.expect(ev, event.ContextWebShell, helper, "java")
	w.listen(curl) // an intruder's listener stays in its lineage
	_, ev = w.spawn(curl, "/bin/sh")
	w.expect(ev, event.ContextWebShell, helper, "java")
	second, ev := w.spawn(java, "/bin/bash")
	w.expect(ev, event.ContextWebShell, second, "java")
}

func TestWhatIsNoWebShell(t *testing.T) {
	w := newWorld(t)
	w.listen(1) // init listens for its sockets
	script, ev := w.spawn(1, "/bin/sh", "/etc/rc.local")
	w.expect(ev, event.ContextService, script, "sh")

	nginx, _ := w.spawn(1, "/usr/sbin/nginx")
	w.listen(nginx)
	_, ev = w.spawn(nginx, "/usr/sbin/logger")
	w.expect(ev, event.ContextService, nginx, "nginx")
	child, _ := w.spawn(nginx, "/usr/sbin/logger")
	_, ev = w.spawn(child, "/bin/sh") // a grandchild that is no server's child
	w.expect(ev, event.ContextService, nginx, "nginx")

	node, _ := w.spawn(1, "/usr/bin/node", "server.js")
	w.listen(node)
	_, ev = w.spawn(node, "/usr/bin/node", "worker.js")
	w.expect(ev, event.ContextService, node, "node")

	daemon, _ := w.spawn(1, "/usr/bin/dockerd")
	w.listen(daemon)
	_, ev = w.spawn(daemon, "/bin/sh")
	w.expect(ev, event.ContextService, daemon, "dockerd")
}

func TestAcceptingMakesAServer(t *testing.T) {
	w := newWorld(t)
	master, _ := w.spawn(1, "/usr/sbin/php-fpm8.2")
	worker := w.fork(master)
	w.record(event.NetworkAccept, worker, func(r *sensor.Record) { r.Socket = &sensor.Socket{Transport: "tcp"} })
	if !w.last(event.NetworkAccept).Process.Server {
		t.Error("not a server")
	}
	shell, ev := w.spawn(worker, "/usr/bin/dash", "-c", "id")
	w.expect(ev, event.ContextWebShell, shell, "php-fpm8.2")
	interpreter, ev := w.spawn(worker, "/usr/bin/python3.11", "-c", "x")
	w.expect(ev, event.ContextWebShell, interpreter, "php-fpm8.2")
}

func TestTwoServersOfOneShellAreTwoServices(t *testing.T) {
	w := newWorld(t)
	shell, _ := w.spawn(1, "/bin/bash")
	one, _ := w.spawn(shell, "/usr/bin/one")
	two, _ := w.spawn(shell, "/usr/bin/two")
	w.listen(one)
	w.expect(w.last(event.NetworkListen), event.ContextService, one, "one")
	w.listen(two)
	w.expect(w.last(event.NetworkListen), event.ContextService, two, "two")
	w.listen(two)
	w.expect(w.last(event.NetworkListen), event.ContextService, two, "two")
}

func TestContainers(t *testing.T) {
	w := newWorld(t)
	id := strings.Repeat("ab", 32)
	into := func(pid uint32) {
		task := w.tasks[pid]
		task.MountNS, task.PIDNS = 555, 556
		w.appear(task, "/docker/"+id)
	}
	shim, _ := w.spawn(1, "/usr/bin/containerd-shim-runc-v2")
	stage := w.fork(shim)
	into(stage)
	w.record(event.FileCreate, stage, func(r *sensor.Record) { r.File = &sensor.File{FileRef: file("/x")} })
	ev := w.last(event.FileCreate)
	w.expect(ev, event.ContextService, shim, "containerd-shim-runc-v2")
	if ev.Container == nil || ev.Container.State != event.ContainerPending || ev.Container.ID != id {
		t.Errorf("the runtime's stage is in container %+v", ev.Container)
	}
	init := w.fork(stage)
	into(init)
	w.expect(w.exec(init, "/bin/app"), event.ContextContainer, init, "containerd-shim-runc-v2")
	w.Resolved(w.now, &event.Container{State: event.ContainerOK, ID: id, Name: "web"})
	if ev = w.last(event.ContainerStart); ev.Container.Name != "web" || ev.Process.PID != init {
		t.Errorf("started %+v by %d", ev.Container, ev.Process.PID)
	}
	entered := w.fork(shim) // docker exec
	into(entered)
	ev = w.exec(entered, "/bin/sh")
	w.expect(ev, event.ContextContainer, init, "containerd-shim-runc-v2")
	if ev.Container.State != event.ContainerOK {
		t.Errorf("container %+v", ev.Container)
	}
	w.listen(init)
	shell := w.fork(init)
	w.expect(w.exec(shell, "/bin/sh"), event.ContextWebShell, shell, "containerd-shim-runc-v2")
	w.tasks[entered].MountNS, w.tasks[entered].PIDNS = hostMountNS, 0 // out again
	w.appear(w.tasks[entered], "/")
	ev = w.exec(entered, "/bin/bash")
	w.expect(ev, event.ContextContainer, init, "containerd-shim-runc-v2")
	if ev.Container != nil {
		t.Errorf("outside it is still in %+v", ev.Container)
	}
	w.record(event.ProcessExit, init, nil)
	if ev = w.last(event.ContainerStop); ev.Container.Name != "web" {
		t.Errorf("stopped %+v", ev.Container)
	}
}

func TestNestedHostsHaveAnInitOfTheirOwn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Nested = true })
	init := w.cold(&sensor.Task{PID: 50, Start: 5e9, ParentPID: 40, ParentStart: 4e9, NamespacePID: 1, PIDNS: 9}, "/sbin/init")
	if c := w.procs.procs[Identity{50, 5e9}].context; c.Kind != event.ContextBoot {
		t.Errorf("nested init is in %+v", c)
	}
	daemon, ev := w.spawn(init, "/usr/sbin/daemon")
	w.expect(ev, event.ContextService, daemon, "daemon")
}

func TestColdStartKnowsContextsAndServers(t *testing.T) {
	w := newWorld(t)
	w.ColdStart(map[uint32]bool{60: true}, bootAt.Add(50*1e9))
	w.cold(&sensor.Task{PID: 60, Start: 6e9, ParentPID: 1, ParentStart: 10}, "/usr/bin/java")
	w.cold(&sensor.Task{PID: 61, Start: 7e9, ParentPID: 60, ParentStart: 6e9}, "/bin/sh")
	w.cold(&sensor.Task{PID: 62, Start: 8e9, ParentPID: 999, ParentStart: 1}, "/bin/orphan")
	if events := w.drain(); len(events) != 0 {
		t.Errorf("what began while somebody watched was reported again: %d events", len(events))
	}
	w.cold(&sensor.Task{PID: 63, Start: 60e9, ParentPID: 61, ParentStart: 7e9}, "/bin/late")
	ev := w.last(event.ProcessExec)
	w.expect(ev, event.ContextWebShell, 61, "java")
	if ev.Process.PID != 63 || ev.Process.Parent.Executable != "/bin/sh" || len(ev.Process.Ancestors) != 2 {
		t.Errorf("reported %+v", ev.Process)
	}
	if !w.procs.procs[Identity{60, 6e9}].server || w.procs.procs[Identity{62, 8e9}].context.Kind != event.ContextService {
		t.Error("cold start missed a server or an orphan")
	}
}

// A fork that the ring held before the snapshot is told after it: the child is
// by then what the snapshot saw, not what its parent is.
func TestAForkToldAfterTheSnapshotChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.ColdStart(map[uint32]bool{60: true}, bootAt)
	parent := &sensor.Task{PID: 60, Start: 6e9, ParentPID: 1, ParentStart: 10}
	w.cold(parent, "/usr/bin/java")
	shell := &sensor.Task{PID: 61, Start: 7e9, ParentPID: 60, ParentStart: 6e9, Comm: "sh"}
	w.cold(shell, "/bin/sh")
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessFork, Mono: 7e9, Task: *parent, Child: shell})
	w.record(event.ProcessRename, 61, func(r *sensor.Record) { r.Name = "kworker/1" })
	ev := w.last(event.ProcessRename)
	w.expect(ev, event.ContextWebShell, 61, "java")
	if ev.Process.Executable != "/bin/sh" || ev.Process.Parent.Executable != "/usr/bin/java" {
		t.Errorf("%+v", ev.Process)
	}
}

// A change of name that the snapshot had seen already is told all the same.
func TestARenameToldAfterTheSnapshot(t *testing.T) {
	w := newWorld(t)
	w.cold(&sensor.Task{PID: 60, Start: 6e9, ParentPID: 1, ParentStart: 10, Comm: "kworker/1"}, "/usr/bin/perl")
	w.record(event.ProcessRename, 60, func(r *sensor.Record) { r.OldName, r.Name = "perl", "kworker/1" })
	if p := w.last(event.ProcessRename).Process; p.Name != "kworker/1" || p.OldName != "perl" {
		t.Errorf("%+v", p)
	}
}

// A process that nothing told of, and that is gone, is not taken for its parent.
func TestAnUnknownProcessThatIsGoneHasNoImage(t *testing.T) {
	w := newWorld(t)
	java, _ := w.spawn(1, "/usr/bin/java")
	gone := *w.tasks[java]
	gone.PID, gone.TID, gone.Start, gone.Comm = 900, 900, w.tick(), "trojan"
	gone.ParentPID, gone.ParentStart = java, w.tasks[java].Start
	w.tasks[900] = &gone
	w.record(event.ProcessRename, 900, func(r *sensor.Record) { r.Name = "kworker/1" })
	p := w.last(event.ProcessRename).Process
	if p.Executable != "" || p.CommandLine != "" || p.Parent.Executable != "/usr/bin/java" {
		t.Errorf("%+v", p)
	}
}

// A web shell that the cache forgot is known by what it executes.
func TestAForgottenWebShellIsFoundAgain(t *testing.T) {
	w := newWorld(t)
	java, _ := w.spawn(1, "/usr/bin/java")
	w.listen(java)
	shell, ev := w.spawn(java, "/bin/sh")
	w.expect(ev, event.ContextWebShell, shell, "java")
	task := w.tasks[shell]
	w.procs.remove(w.procs.procs[Identity{task.PID, task.Start}])
	dir := filepath.Join(w.root, fmt.Sprint(shell))
	w.write(dir+"/cmdline", "/bin/sh\x00")
	if err := os.Symlink("/bin/sh", dir+"/exe"); err != nil {
		t.Fatal(err)
	}
	w.listen(shell)
	w.expect(w.last(event.NetworkListen), event.ContextWebShell, shell, "java")
}
