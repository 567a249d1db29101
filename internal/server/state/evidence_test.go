package state

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestEvidenceComesPageByPageAndStays(t *testing.T) {
	db := open(t)
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 5 {
		e := Evidence{ID: fmt.Sprint("c", i), Host: "h1", What: "file", Path: "/x", By: "alice", Asked: began.Add(time.Duration(i) * time.Hour), SHA256: fmt.Sprint(i)}
		if err := db.AddEvidence(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			continue
		}
		e.State = EvidenceStored
		if err := db.EndEvidence(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
		if err := db.EndEvidence(t.Context(), &e); !errors.Is(err, ErrNotFound) {
			t.Errorf("ended twice: %v", err)
		}
	}
	var found []string
	for page := (Page{Limit: 2, Newest: true}); ; {
		items, next, err := db.ListEvidence(t.Context(), EvidenceFilter{Host: "h1"}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range items {
			found = append(found, e.ID)
		}
		if next == (Cursor{}) {
			break
		}
		page.After = next
	}
	if fmt.Sprint(found) != "[c4 c3 c2 c1 c0]" {
		t.Errorf("%v", found)
	}
	if err := db.AddEvidenceAccess(t.Context(), "c0", EvidenceAccess{Time: began, Actor: "bob", Action: "export"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a use of what is not there: %v", err)
	}
	for _, c := range []struct {
		e    Evidence
		want bool
	}{
		{Evidence{Host: "h1", By: "alice", SHA256: "3"}, true},
		{Evidence{Host: "h1", By: "alice", SHA256: "9", Path: "/x"}, false},
		{Evidence{Host: "h1", By: "alice", Path: "/x"}, true},
		{Evidence{Host: "h2", By: "alice", Path: "/x"}, false},
		{Evidence{Host: "h1", By: "bob", Path: "/x"}, false},
	} {
		if known, err := db.EvidenceKnown(t.Context(), c.e); err != nil || known != c.want {
			t.Errorf("%+v: %v, %v", c.e, known, err)
		}
	}
	if err := db.Prune(t.Context(), Expiry{Audit: began.Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	left, _, err := db.ListEvidence(t.Context(), EvidenceFilter{}, Page{})
	if err != nil || len(left) != 2 || left[0].ID != "c1" || left[1].ID != "c3" {
		t.Errorf("%+v, %v", left, err)
	}
}
