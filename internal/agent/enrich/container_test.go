package enrich

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"baize/internal/agent/container"
	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// coldBox has a process of the snapshot that was in a container before the agent
// came.
func coldBox(w *world, id string) uint32 {
	w.t.Helper()
	w.next++
	task := &sensor.Task{
		PID: w.next, TID: w.next, Start: w.tick(), ParentPID: 1, ParentStart: 10, Comm: "app",
		MountNS: 555, PIDNS: 556, Login: noID, Session: noID,
	}
	w.tasks[task.PID] = task
	w.appear(task, "/docker/"+id)
	w.Handle(w.now, &sensor.Record{Kind: event.ProcessExec, Mono: w.tick(), Task: *task, Exec: &sensor.Exec{
		Image: file("/bin/app"), Args: []string{"/bin/app"}, ColdStart: true,
	}})
	return task.PID
}

// A container that runs already is told of at first sight, with its labels, and
// without their secrets; other events do not repeat them.
func TestContainersAreToldOfAtFirstSight(t *testing.T) {
	id := strings.Repeat("ab", 32)
	answer := &event.Container{
		State: event.ContainerOK, ID: id, Name: "web", Pod: &event.Pod{Name: "shop", Namespace: "prod"},
		Labels: map[string]string{"tier": "front", "password": "hunter22"},
	}
	w := newWorld(t)
	pid := coldBox(w, id)
	w.Resolved(w.now, answer)
	start := w.last(event.ContainerStart)
	if l := start.Container.Labels; l["tier"] != "front" || l["password"] == "" || l["password"] == "hunter22" {
		t.Errorf("labels %v", l)
	}
	if ev := w.exec(pid, "/bin/other"); ev.Container.Labels != nil || ev.Container.Pod.Name != "shop" || start.Process.PID != pid {
		t.Errorf("later %+v", ev.Container)
	}
	if answer.Labels["password"] != "hunter22" {
		t.Error("the resolver's answer was changed")
	}
	// After a restart it is told of again only where an event has needed it.
	for _, waits := range []bool{false, true} {
		w := newWorld(t)
		w.ColdStart(nil, w.now)
		pid := coldBox(w, id)
		if waits {
			w.exec(pid, "/bin/other")
		}
		w.Resolved(w.now, answer)
		w.drain()
		told := 0
		for _, ev := range w.out {
			if ev.Kind == event.ContainerStart {
				told++
			}
		}
		if want := map[bool]int{false: 0, true: 1}[waits]; told != want {
			t.Errorf("told %d times, want %d", told, want)
		}
	}
}

// Who leaves a container's cgroup and not its mount namespace is in it still; when
// it has ended, its namespaces' numbers mean nothing.
func TestLeavingItsCgroupLeavesNoContainer(t *testing.T) {
	w := newWorld(t)
	id := strings.Repeat("ab", 32)
	init := coldBox(w, id)
	w.Resolved(w.now, &event.Container{State: event.ContainerOK, ID: id, Name: "web"})
	out := w.fork(init)
	w.tasks[out].Cgroup, w.tasks[out].MountNS, w.tasks[out].PIDNS = 99, 555, 556
	w.appear(w.tasks[out], "/")
	if ev := w.exec(out, "/bin/sh"); ev.Container == nil || ev.Container.Name != "web" {
		t.Errorf("outside its cgroup it is in %+v", ev.Container)
	}
	w.record(event.ProcessExit, out, nil)
	w.record(event.ProcessExit, init, nil)
	w.last(event.ContainerStop)
	next := w.fork(1)
	w.tasks[next].MountNS, w.tasks[next].PIDNS = 555, 556
	w.appear(w.tasks[next], "/")
	if ev := w.exec(next, "/bin/sh"); ev.Container != nil {
		t.Errorf("a namespace of the same number is in %+v", ev.Container)
	}
}

// One that ends before its runtime has answered is told of when it does.
func TestAContainerThatEndsAtOnceIsToldOf(t *testing.T) {
	w := newWorld(t)
	id := strings.Repeat("ab", 32)
	init := coldBox(w, id)
	w.record(event.ProcessExit, init, nil)
	if stop := w.last(event.ContainerStop); stop.Container.State != event.ContainerPending {
		t.Errorf("%+v", stop.Container)
	}
	w.Resolved(w.now, &event.Container{State: event.ContainerOK, ID: id, Name: "job"})
	if start := w.last(event.ContainerStart); start.Container.Name != "job" || start.Process.PID != init {
		t.Errorf("%+v of %+v", start.Container, start.Process)
	}
	if len(w.places.boxes) != 0 {
		t.Errorf("%d containers are remembered", len(w.places.boxes))
	}
}

// With cgroup v1 a runtime's child is seen in the container's namespaces before it
// is in the container's cgroup; what it then executes is in the container.
func TestARuntimeMakesTheNamespacesFirst(t *testing.T) {
	w := newWorld(t)
	id := strings.Repeat("ab", 32)
	child := w.fork(1)
	w.tasks[child].MountNS, w.tasks[child].PIDNS = 555, 556
	w.appear(w.tasks[child], "/")
	w.record(event.ProcessCredentials, child, nil)
	w.appear(w.tasks[child], "/kubepods/crio-"+id)
	if ev := w.exec(child, "/bin/app"); ev.Container == nil || ev.Container.ID != id || ev.Process.Context.Kind != event.ContextContainer {
		t.Errorf("container %+v, context %+v", ev.Container, ev.Process.Context)
	}
	if ev := w.exec(w.fork(child), "/bin/sh"); ev.Container == nil {
		t.Error("its child is in none")
	}
}

// A question that had no room is asked when there is some; meanwhile the container
// is pending, which it is.
func TestContainersWaitForRoom(t *testing.T) {
	w := newWorld(t)
	for n := 0; len(w.places.unasked) == 0; n++ {
		w.box(container.ID{Runtime: container.Docker, ID: fmt.Sprintf("%064x", n)})
	}
	if b := w.places.unasked[0]; b.state.State != event.ContainerPending {
		t.Errorf("%+v", b.state)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() { defer close(ended); w.config.Resolver.Run(ctx) }()
	<-w.config.Resolver.Found()
	for w.Tick(w.now); len(w.places.unasked) > 0 && ctx.Err() == nil; w.Tick(w.now) {
		<-w.config.Resolver.Found()
	}
	if ctx.Err() != nil {
		t.Error("it is never asked about")
	}
	cancel()
	<-ended
}
