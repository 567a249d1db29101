package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxCell bounds one cell of a table for people, in characters. JSON is whole.
const maxCell = 100

// table writes aligned columns. Nothing appears before flush.
type table struct{ w *tabwriter.Writer }

func newTable(out io.Writer, heads ...string) *table {
	t := &table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	t.row(heads...)
	return t
}

func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = clean(cell)
	}
	// A failed write is reported by flush.
	_, _ = fmt.Fprintln(t.w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
}

func (t *table) flush() error { return t.w.Flush() }

// clean makes text of a monitored host fit for a terminal: what could move the
// cursor or hide something is shown as an escape, and long text is cut.
func clean(text string) string {
	var b strings.Builder
	length := 0
	for _, r := range text {
		if length++; length > maxCell {
			b.WriteString("…")
			break
		}
		if unicode.IsPrint(r) && r != utf8.RuneError {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()
}

// stamp is a time as people read it, in the local zone.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// ago is how long it is since t.
func ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return time.Since(t).Round(time.Second).String() + " ago"
}

// bytesText is a size as people read it.
func bytesText(n uint64) string {
	const unit = 1024
	if n < unit {
		return strconv.FormatUint(n, 10) + " B"
	}
	value, prefix := float64(n)/unit, 0
	for value >= unit && prefix < 4 {
		value /= unit
		prefix++
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTP"[prefix])
}

// printLine writes one JSON value as a line.
func printLine(out io.Writer, value json.RawMessage) error {
	_, err := fmt.Fprintf(out, "%s\n", value)
	return err
}

// plain is clean without the bound, for text that is not in a table.
func plain(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		cut := min(len(text), maxCell)
		for cut < len(text) && !utf8.RuneStart(text[cut]) {
			cut++
		}
		b.WriteString(clean(text[:cut]))
		text = text[cut:]
	}
	return b.String()
}
