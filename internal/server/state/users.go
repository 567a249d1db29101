package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrExists reports that the name is taken.
var ErrExists = errors.New("exists already")

// ErrLastAdmin reports a change that would leave nobody to administer.
var ErrLastAdmin = errors.New("the last admin stays one")

// roleAdmin is the role of which one user must always have.
const roleAdmin = "admin"

// User is a person who may log in.
type User struct {
	Name string
	Org  string
	// Role is viewer, analyst, responder or admin.
	Role string
	// Password is the hash; empty where nothing matches.
	Password string
	// OneTime says that Password is good for one login.
	OneTime bool
	Created time.Time
}

// HasPassword says that the user can log in again and again.
func (u User) HasPassword() bool { return u.Password != "" && !u.OneTime }

// AddUser adds u, or returns ErrExists.
func (db *DB) AddUser(ctx context.Context, u User) error {
	result, err := db.sql.ExecContext(ctx, `INSERT OR IGNORE INTO users (name, org, role, password, one_time, created) VALUES (?, ?, ?, ?, ?, ?)`,
		u.Name, u.Org, u.Role, u.Password, u.OneTime, time.Now().UnixNano())
	if err != nil {
		return fmt.Errorf("add user %s: %w", u.Name, err)
	}
	return expectOne(result, fmt.Errorf("user %q: %w", u.Name, ErrExists))
}

// expectOne returns otherwise unless the statement changed a row.
func expectOne(result sql.Result, otherwise error) error {
	changed, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if changed == 0 {
		return otherwise
	}
	return nil
}

const selectUsers = `SELECT name, org, role, password, one_time, created FROM users`

func scanUser(scan func(...any) error, u *User) error {
	var created int64
	err := scan(&u.Name, &u.Org, &u.Role, &u.Password, &u.OneTime, &created)
	u.Created = at(created)
	return err
}

// User returns one user, or ErrNotFound.
func (db *DB) User(ctx context.Context, name string) (User, error) {
	var u User
	err := scanUser(db.sql.QueryRowContext(ctx, selectUsers+` WHERE name = ?`, name).Scan, &u)
	if errors.Is(err, sql.ErrNoRows) {
		return u, fmt.Errorf("user %q: %w", name, ErrNotFound)
	}
	if err != nil {
		return u, fmt.Errorf("read user %q: %w", name, err)
	}
	return u, nil
}

// Users returns all users by name. They are people: few enough for one answer.
func (db *DB) Users(ctx context.Context) ([]User, error) {
	rows, err := db.sql.QueryContext(ctx, selectUsers+` ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer rows.Close()
	return collect(rows, func(u *User) error { return scanUser(rows.Scan, u) })
}

// SetPassword replaces the password's hash and ends all sessions of the user
// but the one with the digest keep, or returns ErrNotFound. With "" for keep it
// is a reset: somebody else may have had the account, so that its API tokens end
// as well.
func (db *DB) SetPassword(ctx context.Context, name, hash string, oneTime bool, keep string) error {
	return db.Tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE users SET password = ?, one_time = ? WHERE name = ?`, hash, oneTime, name)
		if err != nil {
			return fmt.Errorf("set password of %s: %w", name, err)
		}
		if err := expectOne(result, fmt.Errorf("user %q: %w", name, ErrNotFound)); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `DELETE FROM sessions WHERE user = ? AND hash <> ?`, name, keep); err != nil || keep != "" {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM api_tokens WHERE user = ?`, name)
		return err
	})
}

// UseOneTime takes back a one-time password and reports whether this call was
// the one that used it.
func (db *DB) UseOneTime(ctx context.Context, name, hash string) (bool, error) {
	result, err := db.sql.ExecContext(ctx, `UPDATE users SET password = '' WHERE name = ? AND password = ? AND one_time`, name, hash)
	if err != nil {
		return false, fmt.Errorf("use one-time password of %s: %w", name, err)
	}
	used, err := result.RowsAffected()
	return used == 1, err
}

// RemoveUser removes a user with sessions and tokens. It returns ErrNotFound,
// or ErrLastAdmin.
func (db *DB) RemoveUser(ctx context.Context, name string) error {
	return db.Tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM users WHERE name = ?`, name)
		if err != nil {
			return fmt.Errorf("remove user %s: %w", name, err)
		}
		if err := expectOne(result, fmt.Errorf("user %q: %w", name, ErrNotFound)); err != nil {
			return err
		}
		var admins int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM users WHERE role = ?`, roleAdmin).Scan(&admins); err != nil {
			return err
		}
		if admins == 0 {
			return fmt.Errorf("remove user %s: %w", name, ErrLastAdmin)
		}
		return nil
	})
}
