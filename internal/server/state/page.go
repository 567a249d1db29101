package state

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxPage is the largest number of items of one page.
const MaxPage = 500

// ErrCursor reports a page cursor that this server did not give out.
var ErrCursor = errors.New("malformed cursor")

// Cursor is a place in a list ordered by (time, id). The zero value is its start.
type Cursor struct {
	// Time in Unix nanoseconds.
	Time int64
	ID   string
}

// String is the opaque form clients carry; "" for the zero value.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.Time, 10) + ":" + c.ID))
}

// ParseCursor reads what String gave.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Cursor{}, fmt.Errorf("%w: %w", ErrCursor, err)
	}
	number, id, found := strings.Cut(string(raw), ":")
	at, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil || id == "" {
		return Cursor{}, fmt.Errorf("%w: %q", ErrCursor, text)
	}
	return Cursor{Time: at, ID: id}, nil
}

// Page asks for a part of a list.
type Page struct {
	// After is where the page before ended.
	After Cursor
	// Limit is clamped to 1..MaxPage; 0 reads as 100.
	Limit int
	// Newest turns the order round: newest first.
	Newest bool
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 100
	}
	return min(p.Limit, MaxPage)
}

// query collects the conditions of a listing, so that a filter that is not
// asked for does not keep SQLite from using an index.
type query struct {
	text strings.Builder
	args []any
}

func newQuery(text string) *query {
	q := &query{}
	q.text.WriteString(text)
	q.text.WriteString(" WHERE true")
	return q
}

// and adds a condition if it is wanted.
func (q *query) and(wanted bool, condition string, args ...any) {
	if wanted {
		q.text.WriteString(" AND " + condition)
		q.args = append(q.args, args...)
	}
}

// page ends the query with the page's place and order over two columns.
func (q *query) page(p Page, at, id string) {
	compare, direction := ">", "ASC"
	if p.Newest {
		compare, direction = "<", "DESC"
	}
	q.and(p.After != Cursor{}, fmt.Sprintf("(%s, %s) %s (?, ?)", at, id, compare), p.After.Time, p.After.ID)
	fmt.Fprintf(&q.text, " ORDER BY %s %s, %s %s LIMIT ?", at, direction, id, direction)
	q.args = append(q.args, p.limit())
}

// nanos is t in Unix nanoseconds, 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// at is the inverse of nanos.
func at(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}

// collect reads all rows with scan and closes them.
func collect[T any](rows *sql.Rows, scan func(*T) error) ([]T, error) {
	defer rows.Close()
	items := []T{}
	for rows.Next() {
		var item T
		if err := scan(&item); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// collectBodies reads rows of (time, id, JSON body, extra) into items, and says
// where the next page begins: the zero cursor after the last page.
func collectBodies[T any](rows *sql.Rows, limit int, finish func(*T, string)) ([]T, Cursor, error) {
	var last Cursor
	items, err := collect(rows, func(item *T) error {
		var body []byte
		var extra string
		if err := rows.Scan(&last.Time, &last.ID, &body, &extra); err != nil {
			return err
		}
		if err := json.Unmarshal(body, item); err != nil {
			return fmt.Errorf("stored %s: %w", last.ID, err)
		}
		finish(item, extra)
		return nil
	})
	if err != nil || len(items) < limit {
		return items, Cursor{}, err
	}
	return items, last, nil
}
