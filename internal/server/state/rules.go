package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Pack is a pack of rules.
type Pack struct {
	Name    string
	Enabled bool
	// Current is the number of the version that counts.
	Current int
	// Origin is the digest of what was last taken from the program or from a
	// directory: only when that changes is there a new version.
	Origin string
}

// PackVersion is one state of a pack's files.
type PackVersion struct {
	Pack   string
	Number int
	Digest string
	// Source is where it came from, Author who brought it.
	Source, Author string
	Created        time.Time
	// Report of its load, JSON.
	Report []byte
	// Body is the files, zip; left out where versions are listed.
	Body []byte
}

// DisabledRule is a rule that is off, whatever pack has it.
type DisabledRule struct {
	Rule    string
	Author  string
	Created time.Time
}

// PolicyChange is a change of the packs, made whole or not at all.
type PolicyChange struct {
	// Packs to add or replace, Versions to add, of which Keep stay of a pack
	// beside the current one.
	Packs    []Pack
	Versions []PackVersion
	Keep     int
	// Disable and Enable single rules.
	Disable []DisabledRule
	Enable  []string
}

// ChangePolicy makes a change of the packs.
func (db *DB) ChangePolicy(ctx context.Context, c PolicyChange) error {
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		for i := range c.Packs {
			if err := putPack(ctx, tx, &c.Packs[i]); err != nil {
				return err
			}
		}
		for i := range c.Versions {
			if err := addVersion(ctx, tx, &c.Versions[i], c.Keep); err != nil {
				return err
			}
		}
		return switchRules(ctx, tx, c)
	})
	if err != nil {
		return fmt.Errorf("change the rule packs: %w", err)
	}
	return nil
}

func putPack(ctx context.Context, tx *sql.Tx, p *Pack) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO rule_packs (name, enabled, current, origin) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (name) DO UPDATE SET enabled = ?2, current = ?3, origin = ?4`, p.Name, p.Enabled, p.Current, p.Origin)
	return err
}

// addVersion adds a version and drops the oldest beyond keep. The newest is
// always kept, and so no number is given twice.
func addVersion(ctx context.Context, tx *sql.Tx, v *PackVersion, keep int) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO rule_pack_versions (pack, number, digest, source, author, created, report, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		v.Pack, v.Number, v.Digest, v.Source, v.Author, nanos(v.Created), string(v.Report), v.Body)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM rule_pack_versions WHERE pack = ?1
		AND number NOT IN (SELECT number FROM rule_pack_versions WHERE pack = ?1 ORDER BY number DESC LIMIT ?2)
		AND number <> (SELECT current FROM rule_packs WHERE name = ?1)`, v.Pack, max(1, keep))
	return err
}

func switchRules(ctx context.Context, tx *sql.Tx, c PolicyChange) error {
	for _, r := range c.Disable {
		_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO disabled_rules (rule, author, created) VALUES (?, ?, ?)`, r.Rule, r.Author, nanos(r.Created))
		if err != nil {
			return err
		}
	}
	for _, rule := range c.Enable {
		if _, err := tx.ExecContext(ctx, `DELETE FROM disabled_rules WHERE rule = ?`, rule); err != nil {
			return err
		}
	}
	return nil
}

// Packs returns all packs by name.
func (db *DB) Packs(ctx context.Context) ([]Pack, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT name, enabled, current, origin FROM rule_packs ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list rule packs: %w", err)
	}
	return collect(rows, func(p *Pack) error { return rows.Scan(&p.Name, &p.Enabled, &p.Current, &p.Origin) })
}

const selectVersions = `SELECT pack, number, digest, source, author, created, report FROM rule_pack_versions`

func scanVersion(scan func(...any) error, v *PackVersion, more ...any) error {
	var created int64
	err := scan(append([]any{&v.Pack, &v.Number, &v.Digest, &v.Source, &v.Author, &created, &v.Report}, more...)...)
	v.Created = at(created)
	return err
}

// PackVersions returns the versions of a pack without their files, latest first.
func (db *DB) PackVersions(ctx context.Context, pack string) ([]PackVersion, error) {
	rows, err := db.sql.QueryContext(ctx, selectVersions+` WHERE pack = ? ORDER BY number DESC`, pack)
	if err != nil {
		return nil, fmt.Errorf("list versions of pack %s: %w", pack, err)
	}
	return collect(rows, func(v *PackVersion) error { return scanVersion(rows.Scan, v) })
}

// PackVersion returns one version with its files, or ErrNotFound.
func (db *DB) PackVersion(ctx context.Context, pack string, number int) (PackVersion, error) {
	var v PackVersion
	row := db.sql.QueryRowContext(ctx, `SELECT pack, number, digest, source, author, created, report, body FROM rule_pack_versions WHERE pack = ? AND number = ?`, pack, number)
	err := scanVersion(row.Scan, &v, &v.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("version %d of pack %q: %w", number, pack, ErrNotFound)
	}
	if err != nil {
		return v, fmt.Errorf("read version %d of pack %s: %w", number, pack, err)
	}
	return v, nil
}

// DisabledRules returns the rules that are off, by name.
func (db *DB) DisabledRules(ctx context.Context) ([]DisabledRule, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT rule, author, created FROM disabled_rules ORDER BY rule`)
	if err != nil {
		return nil, fmt.Errorf("list disabled rules: %w", err)
	}
	return collect(rows, func(r *DisabledRule) error {
		var created int64
		err := rows.Scan(&r.Rule, &r.Author, &created)
		r.Created = at(created)
		return err
	})
}

// RuleHits counts, by rule, the alerts that fired at or after since.
func (db *DB) RuleHits(ctx context.Context, since time.Time) (map[string]int, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT rule, COUNT(*) FROM alerts WHERE last >= ? AND rule <> '' GROUP BY rule`, nanos(since))
	if err != nil {
		return nil, fmt.Errorf("count hits of rules: %w", err)
	}
	hits := map[string]int{}
	_, err = collect(rows, func(*struct{}) error {
		var rule string
		var n int
		err := rows.Scan(&rule, &n)
		hits[rule] = n
		return err
	})
	return hits, err
}
