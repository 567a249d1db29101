package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"baize/internal/server/secret"
	"baize/internal/server/state"
)

func credentials(user, password string) map[string]string {
	return map[string]string{"user": user, "password": password}
}

func TestSessionCookieIsOutOfReach(t *testing.T) {
	b := start(t)
	a := b.anonymous().call(http.MethodPost, "/login", credentials("viewer", password)).want(http.StatusOK)
	set := a.header.Get("Set-Cookie")
	for _, part := range []string{"__Host-baize=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Strict", "; Max-Age=43200"} {
		if !strings.Contains(set, part) {
			t.Errorf("cookie lacks %q: %s", part, set)
		}
	}
	me := decode[Me](b.login("viewer").call(http.MethodGet, "/me", nil))
	if me != (Me{Name: "viewer", Org: "default", Role: Viewer, PasswordSet: true}) {
		t.Errorf("me is %+v", me)
	}
}

func TestWrongLoginsAreAlike(t *testing.T) {
	b := start(t)
	unknown := b.anonymous().call(http.MethodPost, "/login", credentials("nobody", password)).problem(http.StatusUnauthorized)
	wrong := b.anonymous().call(http.MethodPost, "/login", credentials("viewer", "wrong horse battery")).problem(http.StatusUnauthorized)
	if unknown != wrong {
		t.Errorf("answers tell who exists: %q, %q", unknown, wrong)
	}
}

func TestSessionsExpire(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []time.Duration
		want  int
	}{
		{"used", []time.Duration{sessionIdle - time.Minute, sessionIdle - time.Minute}, http.StatusOK},
		{"idle", []time.Duration{sessionIdle}, http.StatusUnauthorized},
		{"old", []time.Duration{
			sessionIdle - time.Minute, sessionIdle - time.Minute, sessionIdle - time.Minute,
			sessionIdle - time.Minute, sessionIdle - time.Minute, sessionIdle - time.Minute, 6 * time.Minute,
		}, http.StatusUnauthorized},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t)
			session := b.login("viewer")
			status := 0
			for _, step := range c.steps {
				b.now = b.now.Add(step)
				status = session.call(http.MethodGet, "/me", nil).status
			}
			if status != c.want {
				t.Errorf("%d, want %d", status, c.want)
			}
		})
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	b := start(t)
	session := b.login("viewer")
	a := session.call(http.MethodPost, "/logout", nil).want(http.StatusNoContent)
	if !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("cookie is kept: %q", a.header.Get("Set-Cookie"))
	}
	session.call(http.MethodGet, "/me", nil).problem(http.StatusUnauthorized)
}

func TestOneTimePasswordAndTheFirstOwnOne(t *testing.T) {
	b := start(t)
	once, err := secret.Hash("one-time-one-time")
	must(t, err)
	must(t, b.state.AddUser(t.Context(), state.User{Name: "new", Org: "default", Role: "viewer", Password: once, OneTime: true}))
	c := b.anonymous()
	a := c.call(http.MethodPost, "/login", credentials("new", "one-time-one-time"))
	if me := decode[Me](a); me.PasswordSet {
		t.Errorf("me is %+v", me)
	}
	b.anonymous().call(http.MethodPost, "/login", credentials("new", "one-time-one-time")).problem(http.StatusUnauthorized)
	c.cookie = sessionOf(t, a)
	c.call(http.MethodPut, "/me/password", map[string]string{"new": "short"}).problem(http.StatusUnprocessableEntity)
	c.call(http.MethodPut, "/me/password", map[string]string{"new": "a longer password"}).want(http.StatusNoContent)
	c.call(http.MethodPut, "/me/password", map[string]string{"new": "another password"}).problem(http.StatusForbidden)
	c.call(http.MethodGet, "/me", nil).want(http.StatusOK)
	b.anonymous().call(http.MethodPost, "/login", credentials("new", "a longer password")).want(http.StatusOK)
}

func TestAnotherSitesPageIsRefused(t *testing.T) {
	b := start(t)
	session := b.login("admin")
	session.header.Set("Sec-Fetch-Site", "cross-site")
	session.call(http.MethodPost, "/hosts/h1/ping", nil).problem(http.StatusForbidden)
	session.header = http.Header{"Origin": {"https://evil.example"}}
	session.call(http.MethodPost, "/hosts/h1/ping", nil).problem(http.StatusForbidden)
	session.header = http.Header{"Origin": {b.url}}
	session.call(http.MethodPost, "/hosts/h1/ping", nil).want(http.StatusOK)
}
