package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/incident"
)

// keys of those who log in.
const (
	stolenKey = "SHA256:stolen"
	otherKey  = "SHA256:other"
	adminKey  = "SHA256:admin"
)

// tool is a session's work: it brings a tool under a name and runs it.
func tool(name string) string {
	return fmt.Sprintf("cat > /tmp/%s; chmod +x /tmp/%s; /tmp/%s", name, name, name)
}

// reasonsOf are the names of an incident's reasons, each once.
func reasonsOf(i *incident.Incident) []string {
	var names []string
	for _, r := range i.Reasons {
		if !slices.Contains(names, r.Reason) {
			names = append(names, r.Reason)
		}
	}
	return names
}

// TestAKeyTiesSessions: whoever comes back with the same stolen key, from elsewhere
// and with another tool, is the same; one who works alike with another key is not, and
// the key that is used every day makes nobody the same.
func TestAKeyTiesSessions(t *testing.T) {
	for _, late := range []bool{false, true} {
		w, events := enginetest.Record()
		sshd := w.Host("db-1").Service("ssh.service", "/usr/sbin/sshd", "-D")
		port := uint16(50000)
		session := func(key, from, name string) {
			port++
			sshd.AcceptFrom(from, port, "10.0.0.2", 22)
			s, connection := sshd.Visit(tool(name))
			if !late {
				connection.Accepted(from, port, key)
			}
			s.Install("/dev/shm/" + name).Spawn("/dev/shm/" + name)
			if late {
				connection.Accepted(from, port, key)
			}
			w.Advance(time.Hour)
		}
		_, connection := sshd.Visit("uptime")
		connection.Accepted("198.51.100.90", 49999, adminKey)
		w.Advance(26 * time.Hour)
		session(stolenKey, "198.51.100.7", "one")
		session(otherKey, "198.51.100.8", "two")
		session(adminKey, "198.51.100.9", "three")
		session(adminKey, "198.51.100.10", "four")
		session(stolenKey, "203.0.113.7", "five")
		w.Tick()
		open := runOpen(t, *events)
		if len(open) != 4 {
			t.Errorf("late %v: %d incidents, want 4", late, len(open))
		}
		for i := range open {
			if len(open[i].Intrusions) == 2 && !slices.ContainsFunc(reasonsOf(&open[i]), func(name string) bool { return name == "key+command_template" }) {
				t.Errorf("late %v: tied by %v", late, reasonsOf(&open[i]))
			}
		}
	}
}

// TestWhoComesThroughABastionIsKnownByWhereHeCameFrom: two intruders use one bastion
// and the key that lies there; each is one on the host behind it, whatever he
// rotates there, by the key with which he came in to the bastion.
func TestWhoComesThroughABastionIsKnownByWhereHeCameFrom(t *testing.T) {
	w, events := enginetest.Record()
	bastion := w.Host("bastion-1").Service("ssh.service", "/usr/sbin/sshd", "-D")
	database := w.Host("db-1").Service("ssh.service", "/usr/sbin/sshd", "-D")
	port := uint16(50000)
	through := func(key, from, name string) {
		port++
		bastion.AcceptFrom(from, port, "10.0.0.1", 22)
		here, connection := bastion.Visit("ssh root@db-1 '" + tool(name) + "'")
		connection.Accepted(from, port, key)
		here.Spawn("/usr/bin/ssh", "root@db-1").ConnectFrom(port+100, "10.0.0.2", 22)
		database.AcceptFrom("10.0.0.1", port+100, "10.0.0.2", 22)
		// Somebody else comes from the bastion before the session is there.
		database.AcceptFrom("10.0.0.1", port+200, "10.0.0.2", 22)
		there, connection := database.Visit(tool(name))
		connection.Accepted("10.0.0.1", port+100, adminKey)
		there.Install("/dev/shm/" + name).Spawn("/dev/shm/" + name)
		w.Advance(10 * time.Minute)
	}
	_, connection := database.Visit("uptime")
	connection.Accepted("10.0.0.1", 49999, adminKey)
	w.Advance(26 * time.Hour)
	through(stolenKey, "198.51.100.7", "one")
	through(otherKey, "198.51.100.8", "two")
	through(stolenKey, "203.0.113.7", "three")
	through(otherKey, "203.0.113.8", "four")
	w.Tick()
	open := runOpen(t, *events)
	if len(open) != 2 {
		t.Fatalf("%d incidents, want 2", len(open))
	}
	for i := range open {
		if len(open[i].Intrusions) != 2 || !slices.ContainsFunc(open[i].Entities, func(e alert.Entity) bool { return e.Type == "key" && e.Value != adminKey }) {
			t.Errorf("%s: %d intrusions, reasons %v", open[i].Title, len(open[i].Intrusions), reasonsOf(&open[i]))
		}
	}
}

// TestOriginsStayWithinTheirOrganisation: two organisations use the same addresses; what
// is known of a login in one is not told in the other.
func TestOriginsStayWithinTheirOrganisation(t *testing.T) {
	w, events := enginetest.Record()
	bastion := w.Host("bastion-1").Service("ssh.service", "/usr/sbin/sshd", "-D")
	database := w.Host("db-1").Service("ssh.service", "/usr/sbin/sshd", "-D")
	bastion.AcceptFrom("198.51.100.7", 50000, "10.0.0.1", 22)
	here, connection := bastion.Visit("ssh root@db-1")
	connection.Accepted("198.51.100.7", 50000, stolenKey)
	here.Spawn("/usr/bin/ssh", "root@db-1").ConnectFrom(50100, "10.0.0.2", 22)
	database.AcceptFrom("10.0.0.1", 50100, "10.0.0.2", 22)
	there, connection := database.Visit(tool("one"))
	connection.Accepted("10.0.0.1", 50100, otherKey)
	there.Install("/dev/shm/one").Spawn("/dev/shm/one")
	w.Tick()
	for _, strangers := range []bool{false, true} {
		for _, ev := range *events {
			if strangers && ev.Host.ID == "db-1" {
				ev.Org = "other"
			}
		}
		open := runOpen(t, *events)
		if len(open) != 1 {
			t.Fatalf("%d incidents", len(open))
		}
		if told := slices.ContainsFunc(open[0].Entities, func(e alert.Entity) bool { return e.Value == stolenKey }); told == strangers {
			t.Errorf("strangers %v: the bastion's key is told: %v", strangers, told)
		}
	}
}

// TestAForgedLineIsNoOrigin: a line that tells of a conversation which the host did not
// take in, of another service, or after the first, changes nobody's origin.
func TestAForgedLineIsNoOrigin(t *testing.T) {
	w, events := enginetest.Record()
	sshd := w.Host("db-1").Service("ssh.service", "/usr/sbin/sshd", "-D")
	sshd.AcceptFrom("198.51.100.7", 50000, "10.0.0.2", 22)
	session, connection := sshd.Visit(tool("one"))
	connection.Accepted("203.0.113.66", 1, otherKey)
	connection.Accepted("198.51.100.7", 50000, stolenKey)
	connection.Accepted("198.51.100.7", 50000, adminKey)
	session.Install("/dev/shm/one").Spawn("/dev/shm/one")
	w.Tick()
	open := runOpen(t, *events)
	if len(open) != 1 {
		t.Fatalf("%d incidents", len(open))
	}
	var keys []string
	for _, e := range open[0].Entities {
		if e.Type == alert.EntityKey {
			keys = append(keys, e.Value)
		}
	}
	if !slices.Equal(keys, []string{stolenKey}) {
		t.Errorf("keys %v", keys)
	}
}
