package api

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"baize/internal/server/state"
)

func TestUsersAreManaged(t *testing.T) {
	b := start(t)
	admin := b.login("admin")
	a := admin.call(http.MethodPost, "/users", map[string]string{"name": "ann", "role": "analyst"}).want(http.StatusCreated)
	a.status = http.StatusOK
	ann := decode[User](a)
	if ann.OneTime == "" || ann.PasswordSet {
		t.Errorf("ann is %+v", ann)
	}
	b.anonymous().call(http.MethodPost, "/login", credentials("ann", ann.OneTime)).want(http.StatusOK)
	admin.call(http.MethodPost, "/users", map[string]string{"name": "ann", "role": "viewer"}).problem(http.StatusConflict)
	for _, bad := range []map[string]string{{"name": "local:0", "role": "admin"}, {"name": "bob", "role": "root"}, {"name": "bob", "role": "viewer", "password": "short"}} {
		admin.call(http.MethodPost, "/users", bad).problem(http.StatusUnprocessableEntity)
	}
	set := decode[User](admin.call(http.MethodPut, "/users/ann/password", map[string]string{"password": "a good password"}))
	if set.OneTime != "" || !set.PasswordSet {
		t.Errorf("after set %+v", set)
	}
	if users := decode[items[User]](admin.call(http.MethodGet, "/users", nil)); len(users.Items) != 5 {
		t.Errorf("users are %+v", users)
	}
	admin.call(http.MethodDelete, "/users/ann", nil).want(http.StatusNoContent)
	admin.call(http.MethodDelete, "/users/ann", nil).problem(http.StatusNotFound)
	admin.call(http.MethodDelete, "/users/admin", nil).problem(http.StatusConflict)
}

func TestTokensAreForPrograms(t *testing.T) {
	b := start(t)
	analyst := b.login("analyst")
	a := analyst.call(http.MethodPost, "/api-tokens", map[string]string{"name": "export", "role": "admin", "life": "1h"}).want(http.StatusCreated)
	a.status = http.StatusOK
	token := decode[Token](a)
	if token.Role != Analyst || token.Token == "" {
		t.Errorf("token is %+v", token)
	}
	program := b.anonymous()
	program.token = token.Token
	if me := decode[Me](program.call(http.MethodGet, "/me", nil)); me.Name != "analyst" || me.Role != Analyst {
		t.Errorf("me is %+v", me)
	}
	program.call(http.MethodPost, "/api-tokens", map[string]string{"name": "more"}).problem(http.StatusForbidden)
	analyst.call(http.MethodPost, "/api-tokens", map[string]string{"name": "x", "user": "admin"}).problem(http.StatusForbidden)
	analyst.call(http.MethodPost, "/api-tokens", map[string]string{"name": "x", "life": "9000h"}).problem(http.StatusUnprocessableEntity)
	b.login("viewer").call(http.MethodDelete, "/api-tokens/"+token.ID, nil).problem(http.StatusNotFound)

	b.now = b.now.Add(time.Hour)
	program.call(http.MethodGet, "/me", nil).problem(http.StatusUnauthorized)
	listed := decode[items[Token]](b.login("analyst").call(http.MethodGet, "/api-tokens", nil))
	if len(listed.Items) != 1 || listed.Items[0].Token != "" {
		t.Errorf("listed %+v", listed)
	}
	b.login("admin").call(http.MethodDelete, "/api-tokens/"+token.ID, nil).want(http.StatusNoContent)
}

func TestEnrolTokens(t *testing.T) {
	admin := start(t).login("admin")
	a := admin.call(http.MethodPost, "/tokens", map[string]any{"uses": 3, "life": "24h"}).want(http.StatusCreated)
	a.status = http.StatusOK
	if token := decode[EnrolToken](a); token.Token != "enrol-me" || token.Uses != 3 {
		t.Errorf("token is %+v", token)
	}
	admin.call(http.MethodPost, "/tokens", map[string]any{"uses": 0}).problem(http.StatusUnprocessableEntity)
	admin.call(http.MethodPost, "/tokens", map[string]any{"life": "-1h"}).problem(http.StatusUnprocessableEntity)
}

func TestLocalOperatorNeedsNoLogin(t *testing.T) {
	b := start(t)
	me := decode[Me](b.local().call(http.MethodGet, "/me", nil))
	if me.Name != fmt.Sprintf("local:%d", os.Getuid()) || me.Role != Admin {
		t.Errorf("me is %+v", me)
	}
	info, err := os.Stat(b.socket)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("socket has mode %v", info.Mode())
	}
	b.local().call(http.MethodPost, "/api-tokens", map[string]string{"name": "x"}).problem(http.StatusUnprocessableEntity)
	b.local().call(http.MethodPost, "/api-tokens", map[string]string{"name": "x", "user": "viewer"}).want(http.StatusCreated)
}

// What changes something is in the log with who, what and how it ended;
// reading is not, except of raw telemetry.
func TestAuditLog(t *testing.T) {
	b := start(t)
	responder := b.login("responder")
	responder.call(http.MethodPost, "/hosts/h1/ping", nil).want(http.StatusOK)
	responder.call(http.MethodPost, "/hosts/h2/ping", nil).problem(http.StatusServiceUnavailable)
	responder.call(http.MethodGet, "/alerts", nil).want(http.StatusOK)
	responder.call(http.MethodGet, "/export", nil).want(http.StatusOK)
	b.anonymous().call(http.MethodPost, "/login", credentials("admin", "wrong horse battery")).problem(http.StatusUnauthorized)

	entries := decode[items[state.AuditEntry]](b.local().call(http.MethodGet, "/audit", nil))
	var got []string
	for _, e := range entries.Items {
		got = append(got, fmt.Sprintf("%s %s %q %d %s", e.Actor, e.Action, e.Target, e.Status, e.Source))
	}
	want := []string{
		` login "responder" 200 127.0.0.1`,
		`responder ping-host "h1" 200 127.0.0.1`,
		`responder ping-host "h2" 503 127.0.0.1`,
		`responder export-log "" 200 127.0.0.1`,
		` login "admin" 401 127.0.0.1`,
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("audit log\n%q\nwant\n%q", got, want)
	}
}

func TestNothingIsDoneThatCannotBeLogged(t *testing.T) {
	b := start(t)
	local := b.local()
	must(t, b.state.Tx(t.Context(), dropAudit))
	local.call(http.MethodPost, "/hosts/h1/ping", nil).problem(http.StatusInternalServerError)
	if len(b.fleet.log) != 0 {
		t.Errorf("done all the same: %v", b.fleet.log)
	}
}
