package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"baize/internal/server/evidence"
	"baize/internal/server/state"
)

func TestStatOfAHost(t *testing.T) {
	b := start(t)
	analyst := b.login("analyst")
	found := decode[StatResult](analyst.call(http.MethodPost, "/hosts/h1/stat", map[string]string{"path": "/done", "inode": "h1/8:1/9/0"}))
	if found.State != "done" || found.Stat == nil || !found.Stat.Exists || *found.Stat.Same || found.Stat.Inode.Inode != 7 || found.Detail != "" {
		t.Errorf("%+v: %+v", found, found.Stat)
	}
	if found = decode[StatResult](analyst.call(http.MethodPost, "/hosts/h1/stat", map[string]string{"path": "/refused"})); found.State != "refused" || found.Stat != nil {
		t.Errorf("%+v", found)
	}
	analyst.call(http.MethodPost, "/hosts/h1/stat", map[string]string{"path": "/broken"}).problem(http.StatusBadGateway)
	analyst.call(http.MethodPost, "/hosts/h1/stat", map[string]string{"path": "/x", "inode": "seven"}).problem(http.StatusUnprocessableEntity)
	analyst.call(http.MethodPost, "/hosts/h1/stat", map[string]string{}).problem(http.StatusUnprocessableEntity)
	analyst.call(http.MethodPost, "/hosts/h2/stat", map[string]string{"path": "/x"}).problem(http.StatusServiceUnavailable)
}

func TestEvidence(t *testing.T) {
	b := start(t)
	responder, admin := b.login("responder"), b.login("admin")
	got := decode[state.Evidence](responder.call(http.MethodPost, "/evidence", map[string]string{"host": "h1", "what": "file", "path": "/tmp/x", "alert": "a-1"}))
	if got.ID != "c1" || got.State != state.EvidenceStored || got.By != "responder" || got.Size != 4 || got.Alert != "a-1" {
		t.Fatalf("%+v", got)
	}
	for query, want := range map[string]int{"": 1, "?host=h1": 1, "?host=h2": 0, "?alert=a-1": 1, "?alert=a-2": 0} {
		if listed := decode[items[state.Evidence]](responder.call(http.MethodGet, "/evidence"+query, nil)); len(listed.Items) != want {
			t.Errorf("%q lists %d", query, len(listed.Items))
		}
	}
	content := responder.call(http.MethodGet, "/evidence/c1/content", nil).want(http.StatusOK)
	if string(content.body) != "evil" || content.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(content.header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("%q, %v", content.body, content.header)
	}
	shown := decode[evidence.Custody](b.login("analyst").call(http.MethodGet, "/evidence/c1", nil))
	var uses []string
	for _, u := range shown.Uses {
		uses = append(uses, u.Action+" by "+u.Actor)
	}
	if !slices.Equal(uses, []string{"export by responder", "show by analyst"}) {
		t.Errorf("uses %v", uses)
	}
	admin.call(http.MethodDelete, "/evidence/c1", nil).want(http.StatusNoContent)
	responder.call(http.MethodGet, "/evidence/c1/content", nil).problem(http.StatusNotFound)
	responder.call(http.MethodPost, "/evidence", map[string]string{"host": "h1", "what": "image"}).problem(http.StatusUnprocessableEntity)
	responder.call(http.MethodPost, "/evidence", map[string]string{"host": "h1", "what": "file", "path": "/x", "sha256": "abc"}).problem(http.StatusUnprocessableEntity)
	responder.call(http.MethodPost, "/evidence", map[string]string{"host": "h2", "what": "file", "path": "/x"}).problem(http.StatusServiceUnavailable)

	b.audited("collect-evidence", "list-evidence", "get-evidence", "export-evidence", "remove-evidence")
}
