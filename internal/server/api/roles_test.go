package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// operations are all that are registered, by the document they describe.
func operations(b *bench) []*huma.Operation {
	var all []*huma.Operation
	for _, item := range b.server.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Patch, item.Head, item.Options, item.Trace} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}

func pathOf(op *huma.Operation) string {
	return strings.NewReplacer("{id}", "x", "{name}", "x").Replace(strings.TrimPrefix(op.Path, base))
}

// Every operation that is registered, now or later, needs a role, and refuses
// everyone below it before it looks at anything else.
func TestEveryOperationDeniesWhoMayNot(t *testing.T) {
	b := start(t)
	anonymous := b.anonymous()
	sessions := map[Role]*client{}
	for role := range rank {
		sessions[role] = b.login(string(role))
	}
	all := operations(b)
	if len(all) < 42 {
		t.Fatalf("walked only %d operations", len(all))
	}
	for _, op := range all {
		need, _ := op.Metadata[needKey].(Role)
		if need == Anyone {
			if op.OperationID != "login" {
				t.Errorf("%s is open to anyone", op.OperationID)
			}
			continue
		}
		if !need.Valid() {
			t.Errorf("%s needs no known role: %q", op.OperationID, need)
			continue
		}
		anonymous.call(op.Method, pathOf(op), nil).problem(http.StatusUnauthorized)
		for role, session := range sessions {
			if !role.May(need) {
				session.call(op.Method, pathOf(op), nil).problem(http.StatusForbidden)
			}
		}
	}
	if len(b.fleet.log) != 0 {
		t.Errorf("refused calls had effects: %v", b.fleet.log)
	}
}

// The roles that may are let through: no operation is refused to everyone.
func TestEveryOperationAllowsWhoMay(t *testing.T) {
	b := start(t)
	for _, op := range operations(b) {
		need, _ := op.Metadata[needKey].(Role)
		if need == Anyone || op.OperationID == "logout" || op.OperationID == streamOperation {
			continue
		}
		got := b.login(string(need)).call(op.Method, pathOf(op), nil).status
		if got == http.StatusUnauthorized || got == http.StatusForbidden && op.OperationID != "add-api-token" || got == http.StatusInternalServerError {
			t.Errorf("%s as %s: %d", op.OperationID, need, got)
		}
	}
}

func TestMetricsNeedARole(t *testing.T) {
	b := start(t)
	b.anonymous().call(http.MethodGet, "//metrics", nil).problem(http.StatusUnauthorized)
	text := string(b.local().call(http.MethodGet, "//metrics", nil).want(http.StatusOK).body)
	if !strings.Contains(text, "baize_api_stream_subscribers 0") {
		t.Errorf("metrics are %s", text)
	}
}

func TestRoleOrder(t *testing.T) {
	for _, c := range []struct {
		have, need Role
		may        bool
	}{
		{Admin, Viewer, true},
		{Viewer, Viewer, true},
		{Viewer, Analyst, false},
		{Responder, Admin, false},
		{"", Viewer, false},
		{"root", Viewer, false},
		{Admin, "", false},
		{Anyone, Anyone, false},
	} {
		if got := c.have.May(c.need); got != c.may {
			t.Errorf("%q may %q: %v", c.have, c.need, got)
		}
	}
	if lesser(Admin, Viewer) != Viewer || lesser(Viewer, Admin) != Viewer {
		t.Error("lesser is not the lesser")
	}
}
