package taxonomy

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"baize/internal/event"
	"baize/internal/sigma"
)

// rows returns the cells of the table of the page that has the given heading.
func rows(t *testing.T, heading string) [][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/sigma-taxonomy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "| "+heading+" |")
	if !found {
		t.Fatalf("no table with %q", heading)
	}
	var out [][]string
	for _, line := range strings.Split(after, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, cells)
	}
	return out
}

func TestLogsourcesAreAsDocumented(t *testing.T) {
	var kinds []event.Kind
	for _, row := range rows(t, "Kind") {
		kind := event.Kind(row[0])
		kinds = append(kinds, kind)
		if want := (sigma.Logsource{Product: Product, Category: row[1], Service: row[2]}); Logsource(kind) != want {
			t.Errorf("%s: %+v, documented %+v", kind, Logsource(kind), want)
		}
	}
	if got := Kinds(); !slices.Equal(kinds, got) {
		t.Errorf("documented kinds %v\nkinds in code   %v", kinds, got)
	}
	if got := Logsource("probe.sql"); got.Category != "probe_sql" || got.Service != "probe" {
		t.Errorf("unknown kind: %+v", got)
	}
}

func TestFieldsAreAsDocumented(t *testing.T) {
	var documented []string
	for _, row := range rows(t, "Field") {
		documented = append(documented, row[0])
		if path := row[1]; path != "derived" && !carries(t, row[0], path) {
			t.Errorf("field %s does not carry %s", row[0], path)
		}
	}
	documented = append(documented, auditNames(t)...)
	slices.Sort(documented)
	if got := Fields(); !slices.Equal(documented, got) {
		t.Errorf("documented %v\nin code    %v", documented, got)
	}
}

// auditNames are the first cells of the table of auditd's names, a run of
// numbered ones written out.
func auditNames(t *testing.T) []string {
	var names []string
	for _, row := range rows(t, "Auditd") {
		for _, name := range strings.Split(row[0], ", ") {
			first, last, run := strings.Cut(name, " … a")
			if !run {
				names = append(names, name)
				continue
			}
			from, _ := strconv.Atoi(first[1:])
			to, _ := strconv.Atoi(last)
			for i := from; i <= to; i++ {
				names = append(names, "a"+strconv.Itoa(i))
			}
		}
	}
	return names
}

func TestAuditFormsAreAsDocumented(t *testing.T) {
	documented := map[event.Kind]string{}
	for _, row := range rows(t, "Kind | type") {
		for _, kind := range strings.Split(row[0], ", ") {
			documented[event.Kind(kind)] = row[1]
		}
	}
	for kind, form := range auditForms {
		if documented[kind] != strings.Join(form.types, ", ") {
			t.Errorf("%s: %v, documented %q", kind, form.types, documented[kind])
		}
		delete(documented, kind)
	}
	delete(documented, event.AccountChanged)
	delete(documented, "log.line of systemd")
	if len(documented) > 0 {
		t.Errorf("documented beside: %v", documented)
	}
}

// carries sets one field of an event's JSON to a value of whatever type it
// takes, and reports whether the Sigma field then has that value.
func carries(t *testing.T, field, path string) bool {
	t.Helper()
	for text, literal := range map[string]string{
		"sentinel": `"sentinel"`, "7": "7", "true": "true", "203.0.113.9": `"203.0.113.9"`, "element": `["element"]`,
	} {
		document := literal
		parts := strings.Split(path, ".")
		for _, part := range slices.Backward(parts) {
			document = `{"` + part + `":` + document + `}`
		}
		var ev event.Event
		if json.Unmarshal([]byte(document), &ev) == nil {
			return slices.Contains(values(&ev, field), text)
		}
	}
	t.Errorf("no event has a field %s", path)
	return false
}

// values are the texts of a field of an event.
func values(ev *event.Event, field string) []string {
	var out sigma.Values
	Of(ev).Field(-1, field, &out)
	var texts []string
	for i := range out.Len() {
		texts = append(texts, out.At(i).Text())
	}
	return texts
}

func TestKeywordsAreAsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/sigma-taxonomy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "Keywords search the texts of ")
	list, _, _ := strings.Cut(after, ".\n")
	list = strings.ReplaceAll(strings.ReplaceAll(list, "\n", " "), " and ", ", ")
	if got := strings.Split(list, ", "); !slices.Equal(got, keywords) {
		t.Errorf("documented %q\nin code    %q", got, keywords)
	}
}
