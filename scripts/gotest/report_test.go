package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const lines = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:4: needs a second kernel\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"want 1, got 2\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"output","Package":"p","Test":"TestD","Output":"panic: boom\n"}
not json
{"Action":"fail","Package":"p","Elapsed":1.5}
`

func TestReportCountsAndExplains(t *testing.T) {
	var out bytes.Buffer
	report := newReport(&out)
	if err := report.read(strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	report.finish()
	text := out.String()
	for _, want := range []string{
		"not json\n",
		"--- p TestC\nwant 1, got 2\n",
		"--- p TestD did not end\npanic: boom\n",
		"SKIP p TestB: b_test.go:4: needs a second kernel\n",
		"go: 1 passed, 2 failed, 1 skipped; 1 packages, 1 of them failed;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("report lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "quiet") {
		t.Errorf("report repeats the output of a test that passed:\n%s", text)
	}
}

func TestASkipForAnotherReasonIsAFailure(t *testing.T) {
	report := newReport(io.Discard)
	if err := report.read(strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	if err := report.unexcused(regexp.MustCompile("second kernel|no data")); err != nil {
		t.Errorf("an allowed reason fails: %v", err)
	}
	if err := report.unexcused(regexp.MustCompile("no data")); err == nil || !strings.Contains(err.Error(), "p TestB: b_test.go:4: needs a second kernel") {
		t.Errorf("a skip for another reason gives %v", err)
	}
}

func TestRunFailsWhenGoTestFails(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, options{}, []string{"./no/such/package"}); err == nil {
		t.Fatalf("run reported success for a package that does not exist:\n%s", out.String())
	}
}

func TestResultsNameTheCommit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	report := newReport(io.Discard)
	report.passed = 3
	if err := report.write(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got results
	if err := json.Unmarshal(text, &got); err != nil || got.Commit == "" || got.Passed != 3 {
		t.Errorf("%s: %+v, %v", text, got, err)
	}
}
