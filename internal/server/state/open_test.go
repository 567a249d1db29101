package state

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
)

// schema is the statements that made a database, in order.
func schema(t *testing.T, handle *sql.DB) []string {
	t.Helper()
	rows, err := handle.QueryContext(t.Context(), `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name`)
	must(t, err)
	statements, err := collect(rows, func(s *string) error { return rows.Scan(s) })
	must(t, err)
	return statements
}

// earlier makes a database as a version with only the first n migrations left it.
func earlier(t *testing.T, n int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "state.db")
	handle, err := sql.Open("sqlite", "file:"+file)
	must(t, err)
	defer handle.Close()
	run := func(statement string, args ...any) {
		_, err := handle.ExecContext(t.Context(), statement, args...)
		must(t, err)
	}
	run(`CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT`)
	names, err := fs.Glob(migrations, "migrations/*.sql")
	must(t, err)
	slices.Sort(names)
	for _, name := range names[:n] {
		script, err := migrations.ReadFile(name)
		must(t, err)
		run(string(script))
		run(`INSERT INTO migrations VALUES (?)`, filepath.Base(name))
	}
	return file
}

func TestEveryEarlierVersionBecomesThisOne(t *testing.T) {
	want := schema(t, open(t).sql)
	names, err := fs.Glob(migrations, "migrations/*.sql")
	must(t, err)
	for n := range len(names) + 1 {
		db, err := Open(t.Context(), earlier(t, n))
		must(t, err)
		if got := schema(t, db.sql); !slices.Equal(got, want) {
			t.Errorf("from %d migrations:\n%s", n, strings.Join(got, "\n"))
		}
		must(t, db.ApplyEngine(t.Context(), lease(t, db), 1, Output{Alerts: []alert.Alert{newAlert("a", 1, 0)}}))
		must(t, db.Close())
	}
}

// A server does not write into a database whose schema it does not know.
func TestALaterVersionsDatabaseIsRefused(t *testing.T) {
	file := earlier(t, 3)
	handle, err := sql.Open("sqlite", "file:"+file)
	must(t, err)
	_, err = handle.ExecContext(t.Context(), `INSERT INTO migrations VALUES ('9999_later.sql')`)
	must(t, err)
	must(t, handle.Close())
	refused(t, t.Context(), file, "9999_later.sql", "later version")
}

// refused opens what cannot be opened: the error names the file and the words.
func refused(t *testing.T, ctx context.Context, file string, words ...string) {
	t.Helper()
	db, err := Open(ctx, file)
	if err == nil {
		must(t, db.Close())
		t.Fatalf("%s was opened", file)
	}
	for _, word := range append(words, file) {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is missing in: %v", word, err)
		}
	}
}

func TestWhatCannotBeOpenedIsNamed(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "state.db")
		must(t, os.WriteFile(file, []byte(strings.Repeat("not a database ", 100)), 0o600))
		refused(t, t.Context(), file, "not a database")
	})
	t.Run("directory", func(t *testing.T) { refused(t, t.Context(), t.TempDir(), "is a directory") })
	t.Run("missing directory", func(t *testing.T) {
		refused(t, t.Context(), filepath.Join(t.TempDir(), "missing", "state.db"), "no such file")
	})
	t.Run("cut short", func(t *testing.T) {
		file := earlier(t, 3)
		must(t, os.Truncate(file, 5000))
		refused(t, t.Context(), file, "malformed")
	})
}

func TestALockedDatabaseIsNamed(t *testing.T) {
	file := earlier(t, 2)
	other, err := sql.Open("sqlite", "file:"+file)
	must(t, err)
	defer other.Close()
	holder, err := other.Conn(t.Context())
	must(t, err)
	defer holder.Close()
	_, err = holder.ExecContext(t.Context(), `BEGIN EXCLUSIVE`)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	refused(t, ctx, file)
	_, err = holder.ExecContext(t.Context(), `ROLLBACK`)
	must(t, err)
	db, err := Open(t.Context(), file)
	must(t, err)
	must(t, db.Close())
}

// The path of a database is a path, whatever a URL makes of its characters.
func TestPathsAreNotURLs(t *testing.T) {
	for _, name := range []string{"a?b", "a#b", "100%", "a%41b", "a b", "白泽", "a;b&c=d", "./a:b", "..a?b"} {
		t.Chdir(t.TempDir())
		must(t, os.Mkdir(name, 0o700))
		dir := name
		if !strings.HasPrefix(name, ".") {
			var err error
			dir, err = filepath.Abs(name)
			must(t, err)
		}
		for range 2 {
			db, err := Open(t.Context(), filepath.Join(dir, "state.db"))
			must(t, err)
			must(t, db.Close())
		}
		if info, err := os.Stat(filepath.Join(dir, "state.db")); err != nil || info.Size() == 0 {
			t.Errorf("%q: the database is elsewhere: %v", name, err)
		}
	}
}

// TestPagesUnderWriters reads all pages of any size while alerts are added and
// changed: what was there before is in the pages once, in order.
func TestPagesUnderWriters(t *testing.T) {
	db, ctx := open(t), t.Context()
	epoch := lease(t, db)
	const before = 60
	var alerts []alert.Alert
	for i := range before { // thirds share a time, so that ids decide
		alerts = append(alerts, newAlert(fmt.Sprintf("old-%02d", i), 1, time.Duration(i/3)*time.Second))
	}
	bus := uint64(1)
	must(t, db.ApplyEngine(ctx, epoch, bus, Output{Alerts: alerts}))
	for _, newest := range []bool{false, true} {
		for _, limit := range []int{1, 3, 7, 60, 61} {
			seen := map[string]int{}
			page, last := Page{Limit: limit, Newest: newest}, ""
			for pages := 0; ; pages++ {
				if pages > 20*before {
					t.Fatal("the pages do not end")
				}
				items, next, err := db.Alerts(ctx, AlertFilter{}, page)
				must(t, err)
				for _, a := range items {
					seen[a.ID]++
					place := fmt.Sprintf("%020d %s", a.Time.UnixNano(), a.ID)
					if last != "" && (place > last) == newest {
						t.Fatalf("%s after %s", place, last)
					}
					last = place
				}
				if next == (Cursor{}) {
					break
				}
				page.After, err = ParseCursor(next.String())
				must(t, err)
				if pages < 15 {
					bus++
					fresh := newAlert(fmt.Sprintf("new-%d", bus), 1, time.Duration(bus%25)*time.Second)
					must(t, db.ApplyEngine(ctx, epoch, bus, Output{Alerts: []alert.Alert{fresh, newAlert("old-30", bus, 10*time.Second)}}))
				}
			}
			for _, a := range alerts {
				if seen[a.ID] != 1 {
					t.Errorf("limit %d, newest %t: %s is there %d times", limit, newest, a.ID, seen[a.ID])
				}
			}
			for id, n := range seen {
				if n != 1 {
					t.Errorf("limit %d: %s is there %d times", limit, id, n)
				}
			}
		}
	}
}

func TestForeignCursorsAreRefused(t *testing.T) {
	for _, text := range []string{"!", "AA", "MTI", "MTI6", "eDp5", "OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA", "MTI6eA=="} {
		if c, err := ParseCursor(text); err == nil {
			t.Errorf("%q was read as %+v", text, c)
		}
	}
	for _, c := range []Cursor{{}, {Time: -1, ID: "x"}, {ID: "a:b:c"}, {Time: 1 << 62, ID: "白"}} {
		if got, err := ParseCursor(c.String()); err != nil || got != c {
			t.Errorf("%+v became %+v, %v", c, got, err)
		}
	}
}
