package story

import (
	"net/netip"
	"time"

	"baize/internal/event"
)

// spawn sees that a process of the web host started a program.
func (n *narrator) spawn(pid uint32, at time.Duration, image, line string, parent *event.Process) *event.Process {
	p := n.fork(pid, at, parent)
	p.Executable, p.CommandLine, p.Exec = image, line, 1
	p.Exe = &event.Image{Inode: n.scene.inode(image)}
	n.scene.see(n.observed(event.ProcessExec, at+time.Millisecond, p))
	return p
}

// fork sees a child that still runs what its parent runs.
func (n *narrator) fork(pid uint32, at time.Duration, parent *event.Process) *event.Process {
	p := n.actor(key(WebHost, pid, 7200+uint64(max(at, 0)/time.Second)), at, parent.Executable, parent.CommandLine, parent)
	p.User = parent.User
	n.scene.see(n.observed(event.ProcessFork, at, p))
	// What it becomes is another observation.
	c := *p
	return &c
}

func (n *narrator) exit(at time.Duration, p *event.Process) {
	n.scene.see(n.observed(event.ProcessExit, at, p))
}

// on sees that a process did something to a file.
func (n *narrator) on(kind event.Kind, at time.Duration, p *event.Process, f event.File) {
	e := n.observed(kind, at, p)
	e.File = &f
	f.Inode = n.scene.inode(f.Path)
	n.scene.see(e)
}

// connect sees a connection.
func (n *narrator) connect(at time.Duration, p *event.Process, ip string, port uint16) {
	n.scene.see(connectTo(n.observed(event.NetworkConnect, at, p), ip, port))
}

// end sees the end of a connection, and what went over it.
func (n *narrator) end(at time.Duration, p *event.Process, ip string, port uint16, out, in uint64) {
	e := connectTo(n.observed(event.NetworkClose, at, p), ip, port)
	e.Network.BytesOut, e.Network.BytesIn, e.Result = out, in, nil
	n.scene.see(e)
}

// accept sees a request to the web service.
func (n *narrator) accept(at time.Duration, from string) {
	e := n.observed(event.NetworkAccept, at, n.service())
	e.Source = &event.Endpoint{IP: netip.MustParseAddr(from), Port: 51_234}
	e.Destination = &event.Endpoint{IP: netip.MustParseAddr("10.20.0.5"), Port: 8080}
	e.Network = &event.Network{Transport: "tcp"}
	n.scene.see(e)
}

// ask sees a name resolved.
func (n *narrator) ask(at time.Duration, p *event.Process, name, answer string) {
	e := n.observed(event.DNSQuery, at, p)
	e.DNS = &event.DNS{Question: event.DNSQuestion{Name: name, Type: "A"}, Answers: []string{answer}}
	e.Destination = &event.Endpoint{IP: netip.MustParseAddr("10.20.0.53"), Port: 53}
	n.scene.see(e)
}

// business is what the web host does all day.
func (n *narrator) business() {
	n.scene.vouched = n.start.Add(-time.Hour)
	java := n.service()
	n.scene.see(n.observed(event.NetworkListen, -time.Hour, java))
	for i := range 40 {
		at := -40*time.Minute + time.Duration(i)*time.Minute
		n.accept(at, "10.20.0.8")
		n.connect(at+20*time.Millisecond, java, "10.20.0.30", 3306)
		n.end(at+90*time.Millisecond, java, "10.20.0.30", 3306, 812, 20_400)
	}
	n.accept(-120*time.Millisecond, "198.51.100.7")
}
