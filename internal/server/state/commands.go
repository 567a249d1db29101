package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// CommandSent is the state of a command that was issued and not answered yet.
// Past its expiry it will not be obeyed any more.
const CommandSent = "sent"

// Command is an order that was issued to a host, and what came of it.
type Command struct {
	ID       string
	Host     string
	Counter  uint64
	Action   string
	Approver string
	Issued   time.Time
	Expires  time.Time
	// State is CommandSent, or done, failed or refused.
	State    string
	Detail   string
	Answered time.Time
}

// AddCommand records a command before it is sent and gives it the host's next
// counter. The counter rises even if the command never arrives.
func (db *DB) AddCommand(ctx context.Context, c *Command) error {
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		var counter int64
		err := tx.QueryRowContext(ctx, `
			UPDATE hosts SET command_counter = command_counter + 1 WHERE id = ? AND revoked = 0 RETURNING command_counter`, c.Host).Scan(&counter)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		c.Counter, c.State = uint64(counter), CommandSent
		_, err = tx.ExecContext(ctx, `INSERT INTO commands (id, host, counter, action, approver, issued, expires, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			c.ID, c.Host, counter, c.Action, c.Approver, nanos(c.Issued), nanos(c.Expires), c.State)
		return err
	})
	if err != nil {
		return fmt.Errorf("record command %s to %s: %w", c.Action, c.Host, err)
	}
	return nil
}

// EndCommand records the first answer to a command of that host. It returns
// ErrNotFound for a command that this host was not sent, or has answered.
func (db *DB) EndCommand(ctx context.Context, id, host, state, detail string, now time.Time) error {
	result, err := db.sql.ExecContext(ctx, `
		UPDATE commands SET state = ?, detail = ?, answered = ? WHERE id = ? AND host = ? AND state = ?`,
		state, detail, nanos(now), id, host, CommandSent)
	if err == nil {
		err = expectOne(result, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("record answer to command %s of %s: %w", id, host, err)
	}
	return nil
}

const selectCommands = `SELECT id, host, counter, action, approver, issued, expires, state, detail, answered FROM commands`

func scanCommand(scan func(...any) error, c *Command) error {
	var counter, issued, expires, answered int64
	err := scan(&c.ID, &c.Host, &counter, &c.Action, &c.Approver, &issued, &expires, &c.State, &c.Detail, &answered)
	c.Counter, c.Issued, c.Expires, c.Answered = uint64(counter), at(issued), at(expires), at(answered)
	return err
}

// Command returns one command, or ErrNotFound.
func (db *DB) Command(ctx context.Context, id string) (Command, error) {
	var c Command
	err := scanCommand(db.sql.QueryRowContext(ctx, selectCommands+` WHERE id = ?`, id).Scan, &c)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Command{}, fmt.Errorf("read command %s: %w", id, err)
	}
	return c, nil
}

// Commands returns the latest commands to a host, newest first.
func (db *DB) Commands(ctx context.Context, host string, limit int) ([]Command, error) {
	rows, err := db.sql.QueryContext(ctx, selectCommands+` WHERE host = ? ORDER BY issued DESC, counter DESC LIMIT ?`, host, limit)
	if err != nil {
		return nil, fmt.Errorf("read commands of %s: %w", host, err)
	}
	return collect(rows, func(c *Command) error { return scanCommand(rows.Scan, c) })
}
