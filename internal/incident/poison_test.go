package incident

import (
	"fmt"
	"slices"
	"testing"

	"baize/internal/alert"
)

// two large incidents of a merger, each of one lineage with a C2 of its own.
func twoLarge(t *testing.T) (m *Merger, a, b string) {
	t.Helper()
	m = newMerger()
	for i := range largeAlerts + 1 {
		a = add(m, high(fmt.Sprintf("a%d", i), "A", alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9", Port: 443, Role: "destination"}))
		b = add(m, high(fmt.Sprintf("b%d", i), "B", alert.Entity{Type: alert.EntityIP, Value: "198.51.100.9", Port: 443, Role: "destination"}))
	}
	if a == b {
		t.Fatal("two intruders are one before anything was poisoned")
	}
	return m, a, b
}

// TestTouchingAnothersIndicatorGluesNothing: an intruder calls the C2 of another one,
// again and again, so that two incidents become one that nobody can read. They stay
// two, and are told to be related: also where both came in through one service or run
// as one account, which does not suffice by itself either.
func TestTouchingAnothersIndicatorGluesNothing(t *testing.T) {
	m, a, b := twoLarge(t)
	theirs := alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9", Port: 443, Role: "destination"}
	account := alert.Entity{Type: alert.EntityAccount, Value: "shop"}
	mine := high("through", "A", account)
	mine.Service = "S"
	if add(m, mine) != a {
		t.Fatal("an alert left its lineage")
	}
	for i := range 20 {
		touch := high(fmt.Sprintf("touch%d", i), "B", theirs, account)
		touch.Service = "S"
		if got := add(m, touch); got != b {
			t.Fatalf("touch %d is in %s, want %s", i, got, b)
		}
	}
	for _, i := range m.Drain(true) {
		if i.MergedInto != "" {
			t.Errorf("%s was merged into %s", i.ID, i.MergedInto)
		}
		if other := map[string]string{a: b, b: a}[i.ID]; other != "" && !slices.Contains(i.Related, other) {
			t.Errorf("%s is not told to be related with %s: %v", i.ID, other, i.Related)
		}
	}
}

// TestWhatIsReallyOneBecomesOne: a second thing of another kind in common shows that
// two large incidents are one intruder's, whichever of the two is told first.
func TestWhatIsReallyOneBecomesOne(t *testing.T) {
	address := alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9", Port: 443, Role: "destination"}
	content := alert.Entity{Type: alert.EntityHash, Value: "sha256:aa", Role: RoleImage}
	for _, order := range [][]alert.Entity{{address, content}, {content, address}} {
		m, a, b := twoLarge(t)
		if got := add(m, high("own", "A", content)); got != a {
			t.Fatal("an alert left its lineage")
		}
		if got := add(m, high("first", "B", order[0])); got != b {
			t.Errorf("%s alone joined two large incidents", order[0].Type)
		}
		if got := add(m, high("second", "B", order[1])); got != a {
			t.Errorf("%s after %s did not", order[1].Type, order[0].Type)
		}
	}
}

// TestAPopularEntityGluesNothing: an intruder uses what everybody on the fleet uses; no
// other incident that has it too becomes his.
func TestAPopularEntityGluesNothing(t *testing.T) {
	m := New(Config{OpenLevel: "medium", Alerts: 1000, Keys: 1000}, NewGiven(map[string]bool{"ip:203.0.113.200": true, "domain:cdn.example": true}))
	popular := []alert.Entity{{Type: alert.EntityIP, Value: "203.0.113.200", Port: 443, Role: "destination"}, {Type: alert.EntityDomain, Value: "cdn.example"}}
	seen := map[string]bool{}
	for i := range 50 {
		id := add(m, high(fmt.Sprintf("p%d", i), fmt.Sprintf("P%d", i), popular...))
		if seen[id] {
			t.Fatalf("incident %s has two intruders", id)
		}
		seen[id] = true
	}
}
