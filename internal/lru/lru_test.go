package lru

import (
	"testing"

	"pgregory.net/rapid"

	_ "baize/test/rapidseed" // the same cases each time
)

func keys(m *Map[int, int]) []int {
	var all []int
	for k := range m.All() {
		all = append(all, k)
	}
	return all
}

func TestTheOldestLeavesAtTheLimit(t *testing.T) {
	m := New[int, int](2)
	m.Put(1, 10, 1)
	m.Put(2, 20, 2)
	m.Get(1, 3)
	m.Put(3, 30, 4)
	if m.Peek(2) != nil || *m.Peek(1) != 10 || m.Evicted() != 1 {
		t.Fatalf("kept %v, evicted %d; want 1 and 3 kept", keys(m), m.Evicted())
	}
}

func TestExpireStopsAtTheFirstUsedSince(t *testing.T) {
	m := New[int, int](10)
	for i := range 5 {
		m.Put(i, i, int64(i))
	}
	m.Get(0, 9)
	m.Expire(3)
	if got := keys(m); len(got) != 3 || got[0] != 3 || got[2] != 0 {
		t.Fatalf("after Expire(3): %v, want [3 4 0]", got)
	}
}

// TestAgainstAList compares with a plain slice kept in order of use, and puts
// a snapshot and restore in the middle.
func TestAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 4
		m, model := New[int, int](limit), []int{}
		drop := func(k int) {
			for i, have := range model {
				if have == k {
					model = append(model[:i:i], model[i+1:]...)
					return
				}
			}
		}
		for now := range int64(rapid.IntRange(1, 60).Draw(t, "steps")) {
			k := rapid.IntRange(0, 7).Draw(t, "key")
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				drop(k)
				if len(model) == limit {
					model = model[1:]
				}
				model = append(model, k)
				m.Put(k, k, now)
			case 1:
				if m.Get(k, now) != nil {
					drop(k)
					model = append(model, k)
				}
			case 2:
				drop(k)
				m.Delete(k)
			case 3:
				other := New[int, int](limit)
				other.Restore(m.Snapshot())
				m = other
			}
			got := keys(m)
			if len(got) != len(model) {
				t.Fatalf("have %v, want %v", got, model)
			}
			for i := range got {
				if got[i] != model[i] {
					t.Fatalf("have %v, want %v", got, model)
				}
			}
			back := len(model)
			for k := range m.Backward() {
				if back--; back < 0 || k != model[back] {
					t.Fatalf("backwards: %d at %d of %v", k, back, model)
				}
			}
		}
	})
}

func TestDropOldestOfNothing(t *testing.T) {
	m := New[string, int](1)
	m.DropOldest()
	if m.Len() != 0 || m.Delete("x") {
		t.Fatal("an empty map had something")
	}
}
