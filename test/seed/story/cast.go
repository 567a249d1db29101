package story

import (
	"net/netip"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
)

// second is the kernel's clock at the start of the story, in nanoseconds since boot.
const second = uint64(time.Second)

// shop is whose the container's image is.
var shop = label.Labels{Service: "shop", Owner: "ann", Group: "retail"}

var (
	webHost      = event.Host{ID: WebHost, Name: "web-1"}
	databaseHost = event.Host{ID: DatabaseHost, Name: "db-1"}
	container    = &event.Container{
		State: event.ContainerOK, ID: "4f2a9c0d71be", Name: "shop-api", Runtime: "docker",
		Image: &event.Name{Name: "registry.example/shop/api:1.8.2", Digest: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
	}
)

func key(host string, pid uint32, bornSeconds uint64) event.ProcessKey {
	return event.ProcessKey{Host: host, Boot: boot, PID: pid, Start: (90_000 + bornSeconds) * second}
}

// actor is a process with what the agent knows of it.
func (n *narrator) actor(key event.ProcessKey, offset time.Duration, image, line string, parent *event.Process) *event.Process {
	p := &event.Process{
		Key: key, PID: key.PID, Start: n.start.Add(offset), Executable: image, CommandLine: line,
		User: &event.User{ID: 1000, Name: "app"}, WorkingDirectory: "/opt/shop",
	}
	if parent != nil {
		above := *parent
		above.Parent, above.Ancestors = nil, nil
		p.Parent, p.Context = &above, parent.Context
		if parent.Parent != nil {
			p.Ancestors = append([]event.Process{*parent.Parent}, parent.Ancestors...)
		}
	}
	return p
}

// service is the web service and init above it.
func (n *narrator) service() *event.Process {
	systemd := n.actor(key(WebHost, 1, 0), -24*time.Hour, "/usr/lib/systemd/systemd", "/sbin/init", nil)
	systemd.User = &event.User{ID: 0, Name: "root"}
	java := n.actor(key(WebHost, 2210, 12), -23*time.Hour, "/usr/lib/jvm/java-17/bin/java", "java -jar /opt/shop/api.jar", systemd)
	java.Server = true
	java.Context = &event.Context{ID: "service:" + java.Key.String(), Kind: event.ContextService, Root: java.Key, Service: "shop-api"}
	return java
}

// shell is a command that the web service was made to run: the root of a
// context of its own.
func (n *narrator) shell(pid uint32, offset time.Duration, command string) *event.Process {
	java := n.service()
	p := n.actor(key(WebHost, pid, 7200+uint64(offset/time.Second)), offset, "/bin/sh", "/bin/sh -c "+command, java)
	p.Context = &event.Context{ID: "web_shell:" + p.Key.String(), Kind: event.ContextWebShell, Root: p.Key, Parent: java.Context.ID, Service: "shop-api"}
	return p
}

// forked is a process as it was before it ran its program.
func (n *narrator) forked(p *event.Process) *event.Process {
	f := *p
	f.Executable, f.CommandLine, f.Exec, f.Context = p.Parent.Executable, p.Parent.CommandLine, 0, p.Parent.Context
	return &f
}

// observed is an event of the web host.
func (n *narrator) observed(kind event.Kind, offset time.Duration, p *event.Process) *event.Event {
	return &event.Event{
		Org: "default", Host: webHost, Boot: boot, Time: n.start.Add(offset), Kind: kind, Process: p, Container: container,
	}
}

// raise makes an alert of an event.
func raise(id string, e *event.Event, rule alert.Rule, entities ...alert.Entity) alert.Alert {
	subject := alert.Entity{Type: alert.EntityProcess, Value: e.Process.Key.String(), Role: "subject"}
	a := alert.Alert{
		ID: id, Revision: 1, Kind: alert.KindRule, Time: e.Time, Last: e.Time, Org: e.Org, Host: e.Host, Rule: &rule,
		Entities: append([]alert.Entity{subject}, entities...), Count: 1, Event: e,
	}
	if e.Container != nil {
		a.Image, a.Labels = e.Container.Image.Name, shop
	}
	if c := e.Process.Context; c != nil {
		a.Context, a.Lineage, a.Service = c.ID, c.Root.String(), c.Parent
	}
	return a
}

func connectTo(e *event.Event, ip string, port uint16) *event.Event {
	result := 0
	e.Source = &event.Endpoint{IP: netip.MustParseAddr("10.20.0.5"), Port: 48122}
	e.Destination = &event.Endpoint{IP: netip.MustParseAddr(ip), Port: port}
	e.Network = &event.Network{Transport: "tcp", Initiated: true}
	e.Result = &result
	return e
}
