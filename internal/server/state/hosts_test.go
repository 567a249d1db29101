package state

import (
	"errors"
	"fmt"
	"testing"
	"time"

	baizev1 "baize/proto/baize/v1"
)

// enrolled adds a host through a token, as every host is added.
func enrolled(t *testing.T, db *DB, id string) Host {
	t.Helper()
	must(t, db.AddEnrolToken(t.Context(), EnrolToken{Hash: "for-" + id, Org: "default", UsesLeft: 1, Expires: epochStart.Add(time.Hour), Created: epochStart}))
	done, err := db.Enrol(t.Context(), "for-"+id, Host{ID: id, MachineID: "m-" + id, Name: "web"}, epochStart, func(h Host) (Certificate, error) {
		return Certificate{Serial: "s-" + id, Host: h.ID, NotAfter: epochStart.Add(time.Hour)}, nil
	})
	must(t, err)
	return done.Host
}

func TestHostLifeCycle(t *testing.T) {
	db := open(t)
	enrolled(t, db, "h1")
	after, err := db.Cursor(t.Context())
	must(t, err)
	must(t, db.ConnectHost(t.Context(), "h1", &baizev1.Hello{Name: "web-1", Boot: "b1", Version: "1.0", Kernel: "6.1"}, epochStart))
	beat := &baizev1.Heartbeat{Tier: 2, Armed: true, Hooks: []*baizev1.HookHealth{{Name: "exec", Attached: true}}}
	must(t, db.SaveHealth(t.Context(), []Health{{Host: "h1", Seen: epochStart.Add(time.Second), Beat: beat, Notify: true}}))
	h, err := db.Host(t.Context(), "h1")
	must(t, err)
	if !h.Connected || h.Name != "web-1" || h.Boot != "b1" || !h.Health.Armed || len(h.Health.Hooks) != 1 || !h.LastSeen.Equal(epochStart.Add(time.Second)) {
		t.Fatalf("%+v", h)
	}
	must(t, db.SaveHealth(t.Context(), []Health{{Host: "h1", Seen: epochStart, Beat: beat}}))
	must(t, db.DisconnectHost(t.Context(), "h1", epochStart.Add(time.Minute)))
	changes, err := db.Changes(t.Context(), after, 10)
	must(t, err)
	if len(changes) != 3 || changes[0].Kind != KindHost || changes[0].ID != "h1" {
		t.Fatalf("connect, health, disconnect: %+v", changes)
	}
	if h, _ := db.Host(t.Context(), "h1"); h.Connected || !h.LastSeen.Equal(epochStart.Add(time.Minute)) {
		t.Fatalf("%+v", h)
	}
}

func TestHostsAreListedAndUnknownOnesNamed(t *testing.T) {
	db := open(t)
	for _, id := range []string{"h2", "h1"} {
		enrolled(t, db, id)
		must(t, db.ConnectHost(t.Context(), id, &baizev1.Hello{}, epochStart))
	}
	must(t, db.DisconnectHosts(t.Context()))
	hosts, err := db.Hosts(t.Context())
	must(t, err)
	if len(hosts) != 2 || hosts[0].ID != "h1" || hosts[0].Connected || hosts[0].Health != nil {
		t.Fatalf("%+v", hosts)
	}
	if _, err := db.Host(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Host: %v", err)
	}
	if err := db.RevokeHost(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("RevokeHost: %v", err)
	}
	if err := db.ConnectHost(t.Context(), "nobody", &baizev1.Hello{}, epochStart); !errors.Is(err, ErrNotFound) {
		t.Errorf("ConnectHost: %v", err)
	}
}

func TestCertificatesOnRecord(t *testing.T) {
	db := open(t)
	enrolled(t, db, "h1")
	later := epochStart.Add(2 * time.Hour)
	must(t, db.AddCertificate(t.Context(), Certificate{Serial: "s2", Host: "h1", NotAfter: later.Add(time.Hour)}, later))
	if _, err := db.Certificate(t.Context(), "s-h1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an expired certificate is still on record: %v", err)
	}
	must(t, db.RevokeHost(t.Context(), "h1"))
	if c, err := db.Certificate(t.Context(), "s2"); err != nil || !c.Revoked || c.Host != "h1" {
		t.Errorf("%+v, %v", c, err)
	}
	if err := db.AddCertificate(t.Context(), Certificate{Serial: "s3", Host: "h1", NotAfter: later}, later); !errors.Is(err, ErrNotFound) {
		t.Errorf("a revoked host got a certificate: %v", err)
	}
}

func TestCertificatesOfAHostAreBounded(t *testing.T) {
	db := open(t)
	enrolled(t, db, "h1")
	enrolled(t, db, "h2")
	for i := range 3 * maxCertificates {
		c := Certificate{Serial: fmt.Sprint("r", i), Host: "h1", NotAfter: epochStart.Add(time.Hour + time.Duration(i)*time.Second)}
		must(t, db.AddCertificate(t.Context(), c, epochStart))
	}
	for serial, want := range map[string]bool{
		"s-h1": false, "s-h2": true,
		fmt.Sprint("r", 2*maxCertificates-1): false, fmt.Sprint("r", 2*maxCertificates): true, fmt.Sprint("r", 3*maxCertificates-1): true,
	} {
		if _, err := db.Certificate(t.Context(), serial); (err == nil) != want {
			t.Errorf("%s: %v", serial, err)
		}
	}
}

func TestEnrolTokens(t *testing.T) {
	db := open(t)
	for i, uses := range []int{2, 0} {
		must(t, db.AddEnrolToken(t.Context(), EnrolToken{Hash: fmt.Sprint(i), Org: "default", UsesLeft: uses, Expires: epochStart.Add(time.Hour), Created: epochStart}))
	}
	tokens, err := db.EnrolTokens(t.Context(), epochStart)
	must(t, err)
	if len(tokens) != 1 || tokens[0].UsesLeft != 2 || !tokens[0].Created.Equal(epochStart) {
		t.Fatalf("%+v", tokens)
	}
	if late, _ := db.EnrolTokens(t.Context(), epochStart.Add(time.Hour)); len(late) != 0 {
		t.Fatalf("expired: %+v", late)
	}
	must(t, db.RemoveEnrolToken(t.Context(), "0"))
	if err := db.RemoveEnrolToken(t.Context(), "0"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	_, err = db.Enrol(t.Context(), "0", Host{ID: "h9", MachineID: "m"}, epochStart, nil)
	if !errors.Is(err, ErrToken) {
		t.Fatalf("a removed token: %v", err)
	}
}

func TestAFailedEnrolmentSpendsNothing(t *testing.T) {
	db := open(t)
	must(t, db.AddEnrolToken(t.Context(), EnrolToken{Hash: "x", Org: "default", UsesLeft: 1, Expires: epochStart.Add(time.Hour), Created: epochStart}))
	broken := errors.New("no certificate")
	_, err := db.Enrol(t.Context(), "x", Host{ID: "h1", MachineID: "m"}, epochStart, func(Host) (Certificate, error) { return Certificate{}, broken })
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if tokens, _ := db.EnrolTokens(t.Context(), epochStart); len(tokens) != 1 || tokens[0].UsesLeft != 1 {
		t.Fatalf("%+v", tokens)
	}
	if hosts, _ := db.Hosts(t.Context()); len(hosts) != 0 {
		t.Fatalf("%+v", hosts)
	}
}

func TestMarksNeverGoBack(t *testing.T) {
	db := open(t)
	must(t, db.SaveMarks(t.Context(), []Mark{{"h1", "b1", 10, 5}, {"h1", "b2", 3, 6}, {"h2", "b1", 1, 7}}))
	must(t, db.SaveMarks(t.Context(), []Mark{{"h1", "b1", 9, 99}, {"h1", "b2", 4, 8}}))
	marks, err := db.Marks(t.Context(), "h1")
	must(t, err)
	if len(marks) != 2 || marks[0] != (Mark{"h1", "b1", 10, 5}) || marks[1] != (Mark{"h1", "b2", 4, 8}) {
		t.Fatalf("%+v", marks)
	}
}

func TestMarksOfOneHostAreBounded(t *testing.T) {
	db := open(t)
	for i := range uint64(MaxBoots + 10) {
		must(t, db.SaveMarks(t.Context(), []Mark{{"h1", fmt.Sprint("b", i), 1, i + 1}}))
	}
	marks, err := db.Marks(t.Context(), "h1")
	must(t, err)
	if len(marks) != MaxBoots || marks[0].Bus != 11 {
		t.Fatalf("%d marks from %d", len(marks), marks[0].Bus)
	}
}

func TestCommandsCountUpAndAreAnsweredOnce(t *testing.T) {
	db := open(t)
	enrolled(t, db, "h1")
	for i := range 3 {
		c := Command{ID: fmt.Sprint("c", i), Host: "h1", Action: "ping", Approver: "admin", Issued: epochStart.Add(time.Duration(i)), Expires: epochStart.Add(time.Minute)}
		must(t, db.AddCommand(t.Context(), &c))
		if c.Counter != uint64(i+1) {
			t.Fatalf("counter %d", c.Counter)
		}
	}
	if err := db.EndCommand(t.Context(), "c1", "h2", "done", "", epochStart); !errors.Is(err, ErrNotFound) {
		t.Errorf("another host answered: %v", err)
	}
	must(t, db.EndCommand(t.Context(), "c1", "h1", "done", "pong", epochStart.Add(time.Second)))
	if err := db.EndCommand(t.Context(), "c1", "h1", "failed", "", epochStart); !errors.Is(err, ErrNotFound) {
		t.Errorf("answered twice: %v", err)
	}
	if c, err := db.Command(t.Context(), "c1"); err != nil || c.State != "done" || c.Counter != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := db.Command(t.Context(), "c9"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown command: %v", err)
	}
	commands, err := db.Commands(t.Context(), "h1", 2)
	must(t, err)
	if len(commands) != 2 || commands[0].State != CommandSent || commands[1].Detail != "pong" || !commands[1].Answered.Equal(epochStart.Add(time.Second)) {
		t.Fatalf("%+v", commands)
	}
	must(t, db.RevokeHost(t.Context(), "h1"))
	if err := db.AddCommand(t.Context(), &Command{ID: "c9", Host: "h1"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a command to a revoked host: %v", err)
	}
}
