package state

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func addUser(t *testing.T, db *DB, name, role string) User {
	t.Helper()
	u := User{Name: name, Org: "default", Role: role, Password: "hash-" + name}
	must(t, db.AddUser(t.Context(), u))
	return u
}

func TestUsers(t *testing.T) {
	db, ctx := open(t), t.Context()
	addUser(t, db, "admin", "admin")
	addUser(t, db, "ann", "analyst")
	if err := db.AddUser(ctx, User{Name: "ann"}); !errors.Is(err, ErrExists) {
		t.Errorf("adding ann twice: %v", err)
	}
	ann, err := db.User(ctx, "ann")
	must(t, err)
	if ann.Role != "analyst" || !ann.HasPassword() || ann.Created.IsZero() {
		t.Errorf("ann is %+v", ann)
	}
	if err := db.RemoveUser(ctx, "admin"); !errors.Is(err, ErrLastAdmin) {
		t.Errorf("removing the last admin: %v", err)
	}
	must(t, db.RemoveUser(ctx, "ann"))
	for _, err := range []error{db.RemoveUser(ctx, "ann"), db.SetPassword(ctx, "ann", "x", false, "")} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("want ErrNotFound, got %v", err)
		}
	}
	users, err := db.Users(ctx)
	must(t, err)
	if len(users) != 1 || users[0].Name != "admin" {
		t.Errorf("users are %+v", users)
	}
}

func TestOneTimePasswordIsUsedOnce(t *testing.T) {
	db, ctx := open(t), t.Context()
	must(t, db.AddUser(ctx, User{Name: "admin", Role: "admin", Password: "once", OneTime: true}))
	for i, want := range []bool{true, false} {
		used, err := db.UseOneTime(ctx, "admin", "once")
		must(t, err)
		if used != want {
			t.Errorf("use %d: %v, want %v", i, used, want)
		}
	}
	must(t, db.SetPassword(ctx, "admin", "for good", false, ""))
	used, err := db.UseOneTime(ctx, "admin", "for good")
	must(t, err)
	if used {
		t.Error("a lasting password was taken as a one-time one")
	}
}

func TestSessionsEnd(t *testing.T) {
	db, ctx := open(t), t.Context()
	addUser(t, db, "admin", "admin")
	addUser(t, db, "ann", "analyst")
	for i := range maxSessions + 3 {
		opened := epochStart.Add(time.Duration(i) * time.Second)
		must(t, db.AddSession(ctx, Session{Hash: fmt.Sprint("s", i), User: "ann", Created: opened, Seen: opened, Source: "203.0.113.1"}))
	}
	if _, _, err := db.Session(ctx, "s2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the oldest session is still open: %v", err)
	}
	s, user, err := db.Session(ctx, "s3")
	must(t, err)
	if user.Name != "ann" || !s.Created.Equal(epochStart.Add(3*time.Second)) {
		t.Errorf("session %+v of %+v", s, user)
	}
	must(t, db.SeeSession(ctx, "s3", epochStart.Add(time.Hour)))
	must(t, db.Prune(ctx, Expiry{SessionSeen: epochStart.Add(time.Minute)}))
	if _, _, err := db.Session(ctx, "s4"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an idle session survived: %v", err)
	}
	must(t, db.AddSession(ctx, Session{Hash: "other", User: "ann", Created: epochStart, Seen: epochStart}))
	must(t, db.SetPassword(ctx, "ann", "new", false, "other"))
	if _, _, err := db.Session(ctx, "s3"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a session outlived the password: %v", err)
	}
	must(t, db.EndSession(ctx, "other"))
	if _, _, err := db.Session(ctx, "other"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a session outlived its end: %v", err)
	}
}

func TestAPITokens(t *testing.T) {
	db, ctx := open(t), t.Context()
	addUser(t, db, "admin", "admin")
	addUser(t, db, "ann", "analyst")
	token := APIToken{ID: "t1", Hash: "digest", Name: "export", User: "ann", Role: "viewer", Created: epochStart, Expires: epochStart.Add(time.Hour)}
	must(t, db.AddAPIToken(ctx, token))
	got, user, err := db.APIToken(ctx, "digest")
	must(t, err)
	if got != token || user.Role != "analyst" {
		t.Errorf("token %+v of %+v", got, user)
	}
	if err := db.RemoveAPIToken(ctx, "t1", "admin"); !errors.Is(err, ErrNotFound) {
		t.Errorf("admin's token t1: %v", err)
	}
	listed, err := db.APITokens(ctx, "ann")
	must(t, err)
	if len(listed) != 1 {
		t.Errorf("listed %+v", listed)
	}
	must(t, db.SetPassword(ctx, "ann", "hers", false, "her session"))
	if _, _, err := db.APIToken(ctx, "digest"); err != nil {
		t.Errorf("a password that ann changed herself ended her token: %v", err)
	}
	must(t, db.SetPassword(ctx, "ann", "reset", true, ""))
	if _, _, err := db.APIToken(ctx, "digest"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the token outlived a reset: %v", err)
	}
	must(t, db.AddAPIToken(ctx, token))
	must(t, db.RemoveUser(ctx, "ann"))
	if _, _, err := db.APIToken(ctx, "digest"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the token outlived its user: %v", err)
	}
}

func TestAuditLog(t *testing.T) {
	db, ctx := open(t), t.Context()
	for i := range 5 {
		id, err := db.BeginAudit(ctx, AuditEntry{Time: epochStart.Add(time.Duration(i) * time.Second), Actor: "ann", Source: "unix", Action: "add-user"})
		must(t, err)
		if i > 0 {
			must(t, db.EndAudit(ctx, id, 204, fmt.Sprint("user", i), ""))
		}
	}
	first, next, err := db.Audit(ctx, Page{Limit: 3})
	must(t, err)
	if len(first) != 3 || first[0].Status != 0 || first[1].Status != 204 || first[1].Target != "user1" {
		t.Errorf("first page %+v", first)
	}
	parsed, err := ParseCursor(next.String())
	must(t, err)
	rest, next, err := db.Audit(ctx, Page{Limit: 3, After: parsed})
	must(t, err)
	if len(rest) != 2 || next != (Cursor{}) || rest[0].ID != first[2].ID+1 {
		t.Errorf("second page %+v, next %v", rest, next)
	}
	must(t, db.Prune(ctx, Expiry{Audit: epochStart.Add(2 * time.Second)}))
	newest, _, err := db.Audit(ctx, Page{Newest: true})
	must(t, err)
	if len(newest) != 3 || newest[0].Target != "user4" {
		t.Errorf("after pruning %+v", newest)
	}
}
