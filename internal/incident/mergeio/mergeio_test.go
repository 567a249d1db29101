package mergeio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// merge returns the incident of every alert in input order, the lines, and
// the errors of bad lines.
func merge(t testing.TB, common map[string]bool, input string) (lines []Line, bad []string) {
	t.Helper()
	var out bytes.Buffer
	count, err := Merge(strings.NewReader(input), &out, common, func(err error) { bad = append(bad, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n"); got != count {
		t.Fatalf("%d lines for %d alerts", got, count)
	}
	dec := json.NewDecoder(&out)
	for dec.More() {
		var l Line
		if err := dec.Decode(&l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines, bad
}

func line(id, host string, second int, rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return fmt.Sprintf(`{"id":%q,"time":"2026-01-02T03:04:%02dZ","host":{"id":%q}%s}`, id, second, host, rest) + "\n"
}

func TestPoorAlertsStayApart(t *testing.T) {
	lines, bad := merge(t, nil, line("a", "h1", 1, "")+line("b", "h1", 1, "")+
		line("c", "h1", 2, `"entities":[{"type":"process","value":"bash"},{"type":"ip","value":"10.0.0.1"},{"type":"account","value":"root"}]`)+
		line("d", "h1", 2, `"entities":[{"type":"process","value":"bash"},{"type":"ip","value":"10.0.0.1"},{"type":"account","value":"root"}]`))
	if len(lines) != 4 || len(bad) != 0 {
		t.Fatalf("%d lines, bad %v", len(lines), bad)
	}
	seen := map[string]bool{}
	for _, l := range lines {
		if l.Incident == "" || seen[l.Incident] || l.Reasons == nil {
			t.Errorf("alert %s in incident %q with %v", l.Alert, l.Incident, l.Reasons)
		}
		seen[l.Incident] = true
	}
}

func TestReasonsOfForeignAlerts(t *testing.T) {
	for name, c := range map[string]struct {
		a, b, reason string
	}{
		"lineage": {`"lineage":"L"`, `"lineage":"L"`, "lineage"},
		"process": {`"entities":[{"type":"process","value":"h1/b/9/1"}]`, `"entities":[{"type":"process","value":"h1/b/9/1"}]`, "process"},
		"hash":    {`"entities":[{"type":"hash","value":"sha256:aa"}]`, `"entities":[{"type":"hash","value":"sha256:aa"}]`, "hash"},
		"domain":  {`"entities":[{"type":"domain","value":"x.evil.example"}]`, `"entities":[{"type":"domain","value":"y.evil.example"}]`, "domain"},
		"stack":   {`"entities":[{"type":"stack","value":"s1"}]`, `"entities":[{"type":"stack","value":"s1"}]`, "call_stack"},
		"flow":    {`"entities":[{"type":"file","value":"h1:/opt/x","inode":"h1/1:1/5/0","role":"written"}]`, `"entities":[{"type":"file","value":"h1:/opt/x","inode":"h1/1:1/5/0","role":"image"}]`, "file_flow"},
		"two weak": {
			`"entities":[{"type":"ip","value":"198.51.100.4","role":"source"},{"type":"command","value":"curl http://203.0.113.9/a -o /tmp/a"}]`,
			`"entities":[{"type":"ip","value":"198.51.100.4","role":"source"},{"type":"command","value":"curl http://203.0.113.77/b -o /tmp/b"}]`, "command_template+source",
		},
	} {
		lines, _ := merge(t, nil, line("a", "h1", 1, c.a)+line("b", "h1", 30, c.b))
		if lines[0].Incident != lines[1].Incident || len(lines[1].Reasons) != 1 || lines[1].Reasons[0].Type != c.reason || lines[1].Reasons[0].With != "a" {
			t.Errorf("%s: %+v", name, lines)
		}
	}
}

func TestOneWeakReasonIsNotEnough(t *testing.T) {
	for _, entity := range []string{
		`{"type":"ip","value":"198.51.100.4","role":"source"}`, `{"type":"container","value":"c1"}`, `{"type":"account","value":"bob"}`,
		`{"type":"command","value":"curl http://203.0.113.9/a -o /tmp/a"}`, `{"type":"session","value":"s"}`, `{"type":"file","value":"h1:/etc/passwd","inode":"h1/1:1/5/0"}`,
	} {
		lines, _ := merge(t, nil, line("a", "h1", 1, `"entities":[`+entity+`]`)+line("b", "h1", 1, `"entities":[`+entity+`]`))
		if lines[0].Incident == lines[1].Incident {
			t.Errorf("%s joined two alerts", entity)
		}
	}
}

func TestTheBaselineMakesEntitiesOrdinary(t *testing.T) {
	input := line("a", "h1", 1, `"entities":[{"type":"ip","value":"203.0.113.9"}]`) + line("b", "h2", 1, `"entities":[{"type":"ip","value":"203.0.113.9"}]`)
	if lines, _ := merge(t, nil, input); lines[0].Incident != lines[1].Incident {
		t.Error("a rare address did not join")
	}
	common, err := ReadBaseline(strings.NewReader("{\"type\":\"ip\",\"value\":\"203.0.113.9\",\"hosts\":40}\nnonsense\n"), func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	if lines, _ := merge(t, common, input); lines[0].Incident == lines[1].Incident {
		t.Error("an ordinary address joined")
	}
}

// TestLateBridge: two incidents that a third alert ties become the older one,
// also in the lines of alerts that came before.
func TestLateBridge(t *testing.T) {
	lines, _ := merge(t, nil, line("a", "h1", 1, `"lineage":"A"`)+line("b", "h2", 2, `"lineage":"B","entities":[{"type":"hash","value":"sha256:bb"}]`)+
		line("c", "h1", 3, `"lineage":"A","entities":[{"type":"hash","value":"sha256:bb"}]`))
	if lines[0].Incident != lines[1].Incident || lines[1].Incident != lines[2].Incident || len(lines[2].Reasons) != 2 {
		t.Fatalf("%+v", lines)
	}
}

func TestBadLinesAreNamedAndTheRestMerges(t *testing.T) {
	lines, bad := merge(t, nil, "{\n"+line("a", "h1", 1, "")+`{"id":"x"}`+"\n\n"+`{"id":"y","time":"2300-01-02T03:04:05Z","host":{"id":"h"}}`+"\n"+line("a", "h1", 2, ""))
	if len(lines) != 2 || lines[0].Incident != lines[1].Incident {
		t.Errorf("lines %+v", lines)
	}
	for i, want := range []string{"line 1: ", "line 3: ", "line 5: "} {
		if i >= len(bad) || !strings.HasPrefix(bad[i], want) {
			t.Errorf("bad lines %q, want %q", bad, want)
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(line("a", "h1", 1, `"entities":[{"type":"ip","value":"203.0.113.9"},{"type":"command","value":"a b /tmp/x 7"}]`) + line("b", "h1", 1, `"lineage":"x"`))
	f.Add(`{"id":"a","time":"0001-01-01T00:00:01Z","host":{"id":"h"}}`)
	f.Fuzz(func(t *testing.T, input string) {
		var out bytes.Buffer
		if _, err := Merge(strings.NewReader(input), &out, nil, func(error) {}); err != nil && out.Len() > 0 {
			t.Fatal("output beside an error")
		}
	})
}
