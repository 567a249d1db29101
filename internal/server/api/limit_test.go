package api

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"baize/internal/server/state"
)

func TestLoginsAreLimited(t *testing.T) {
	b := start(t)
	c := b.anonymous()
	for range int(fromSource.burst) {
		c.call(http.MethodPost, "/login", credentials("viewer", "wrong horse battery")).problem(http.StatusUnauthorized)
	}
	a := c.call(http.MethodPost, "/login", credentials("viewer", password))
	a.problem(http.StatusTooManyRequests)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.now = b.now.Add(2 * fromSource.every)
	c.call(http.MethodPost, "/login", credentials("viewer", password)).want(http.StatusOK)
	c.call(http.MethodPost, "/login", credentials("viewer", password)).want(http.StatusOK)
}

func TestOwnLoginsDoNotFreeGuesses(t *testing.T) {
	b := start(t)
	c := b.anonymous()
	for range int(fromSource.burst) - 1 {
		c.call(http.MethodPost, "/login", credentials("admin", "wrong horse battery")).problem(http.StatusUnauthorized)
	}
	c.call(http.MethodPost, "/login", credentials("viewer", password)).want(http.StatusOK)
	c.call(http.MethodPost, "/login", credentials("admin", "wrong horse battery")).problem(http.StatusUnauthorized)
	c.call(http.MethodPost, "/login", credentials("admin", "wrong horse battery")).problem(http.StatusTooManyRequests)
}

func TestRefusedLoginsDoNotFillTheAuditLog(t *testing.T) {
	b := start(t)
	c := b.anonymous()
	for range 3 * int(fromSource.burst) {
		c.call(http.MethodPost, "/login", map[string]string{}) // not even a login
	}
	entries := decode[items[state.AuditEntry]](b.local().call(http.MethodGet, "/audit", nil))
	if len(entries.Items) != int(fromSource.burst) {
		t.Errorf("%d entries, want %v", len(entries.Items), fromSource.burst)
	}
}

func TestAuditedCallsOfAUserAreLimited(t *testing.T) {
	b := start(t)
	viewer := b.login("viewer")
	for b.server.logins.take(auditedCalls, "viewer", b.now) == 0 {
	}
	viewer.call(http.MethodDelete, "/api-tokens/none", nil).problem(http.StatusTooManyRequests)
	viewer.call(http.MethodGet, "/alerts", nil).want(http.StatusOK)
	b.login("responder").call(http.MethodPost, "/hosts/h1/ping", nil).want(http.StatusOK)
	b.local().call(http.MethodPost, "/hosts/h1/ping", nil).want(http.StatusOK)
}

func TestPasswordChangesAreLimited(t *testing.T) {
	b := start(t)
	session := b.login("viewer")
	wrong := map[string]string{"current": "wrong horse battery", "new": "another horse battery"}
	for range int(ownChange.burst) {
		session.call(http.MethodPut, "/me/password", wrong).problem(http.StatusForbidden)
	}
	session.call(http.MethodPut, "/me/password", wrong).problem(http.StatusTooManyRequests)
}

func TestANameIsNotLockedOutWhereItLoggedIn(t *testing.T) {
	l := newLimiter()
	l.succeeded("admin", "203.0.113.1", began)
	for i := 0; l.name("admin", fmt.Sprintf("198.51.100.%d", i%250), began) == 0; i++ {
		if i > int(atName.burst) {
			t.Fatal("guesses at a name are not limited")
		}
	}
	if l.name("admin", "203.0.113.1", began) != 0 {
		t.Error("locked out by others")
	}
	if l.name("viewer", "203.0.113.1", began) != 0 {
		t.Error("another name is limited")
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter()
	for l.take(fromSource, "guesser", began) == 0 {
	}
	for i := range 3 * maxBuckets {
		l.take(fromSource, strconv.Itoa(i), began)
	}
	if len(l.buckets) > maxBuckets+1 {
		t.Errorf("%d buckets", len(l.buckets))
	}
	if l.take(fromSource, "guesser", began) == 0 {
		t.Error("others made it forget")
	}
	if l.take(fromSource, "late", began) == 0 {
		t.Error("what comes new at the bound is not limited")
	}
	later := began.Add(time.Hour)
	if l.take(fromSource, "late", later) != 0 || len(l.buckets) > 2 {
		t.Errorf("what is over is kept: %d", len(l.buckets))
	}
	for i := range 2 * maxKnown {
		l.succeeded(strconv.Itoa(i), "203.0.113.1", later)
	}
	if len(l.known) > maxKnown {
		t.Errorf("%d known", len(l.known))
	}
}

func TestNetworks(t *testing.T) {
	if network("2001:db8::1") != network("2001:db8::2") || network("203.0.113.1") == network("203.0.113.2") || network("unix") != "unix" {
		t.Error("networks are told apart wrongly")
	}
}

func TestConnectionsOfAnAddressAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	listener := newFair(inner, 2)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			accepted <- conn
		}
	}()
	dial := func() net.Conn {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", inner.Addr().String())
		must(t, err)
		return conn
	}
	first, second, third := dial(), dial(), dial()
	kept, other := <-accepted, <-accepted
	must(t, third.SetReadDeadline(time.Now().Add(10*time.Second)))
	if _, err := third.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the third is open: %v", err)
	}
	must(t, kept.Close())
	fourth := dial()
	last := <-accepted
	for _, conn := range []net.Conn{first, second, third, fourth, other, last} {
		_ = conn.Close()
	}
	must(t, listener.Close())
	for range accepted {
	}
}

func TestExportsAtOnceAreBounded(t *testing.T) {
	b := start(t)
	analyst := b.login("analyst")
	for range maxExports {
		b.server.exports <- struct{}{}
	}
	analyst.call(http.MethodGet, "/export", nil).problem(http.StatusServiceUnavailable)
	<-b.server.exports
	analyst.call(http.MethodGet, "/export", nil).want(http.StatusOK)
	analyst.call(http.MethodGet, "/export", nil).want(http.StatusOK)
}

func TestTokensOfAUserAreBounded(t *testing.T) {
	b := start(t)
	for i := range maxTokens {
		id := strconv.Itoa(i)
		must(t, b.state.AddAPIToken(t.Context(), state.APIToken{ID: id, Hash: id, Name: id, User: "viewer", Role: "viewer", Created: b.now, Expires: b.now.Add(time.Hour)}))
	}
	viewer := b.login("viewer")
	viewer.call(http.MethodPost, "/api-tokens", map[string]string{"name": "one more"}).problem(http.StatusConflict)
	viewer.call(http.MethodDelete, "/api-tokens/7", nil).want(http.StatusNoContent)
	viewer.call(http.MethodPost, "/api-tokens", map[string]string{"name": "one more"}).want(http.StatusCreated)
}
