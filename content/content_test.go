package content

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"baize/internal/incident"
	"baize/internal/redact"
	"baize/internal/ruletest"
	"baize/internal/sigma"
)

// minRules guards against a build that embeds nothing.
const minRules = 30

func load(t *testing.T) []*sigma.Rule {
	t.Helper()
	set, report := sigma.Load(Rules())
	if report.Loaded != report.Files || len(set.Rules()) < minRules {
		t.Fatalf("rules do not all load: %+v", report)
	}
	return set.Rules()
}

func TestRulesPassTheirTests(t *testing.T) {
	result := ruletest.Run(Rules())
	for _, f := range result.Failures {
		t.Error(f)
	}
	if result.Rules != len(load(t)) {
		t.Errorf("%d of %d rules were tested", result.Rules, len(load(t)))
	}
}

// TestRulesMatchWhatAgentsSend: agents replace secrets before they send, and no
// rule may need one.
func TestRulesMatchWhatAgentsSend(t *testing.T) {
	redactor, err := redact.New([]byte("key"), redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	sent := fstest.MapFS{}
	err = fs.WalkDir(Rules(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(Rules(), path)
		if filepath.Ext(path) == ".test" {
			var out strings.Builder
			for line := range strings.Lines(string(text)) {
				redacted, _ := redactor.Text(line)
				out.WriteString(redacted)
			}
			text = []byte(out.String())
		}
		sent[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ruletest.Run(sent).Failures {
		t.Error(f)
	}
}

// TestOutOfBandServicesAreNoHubs: whoever merges alerts knows all services that
// the rules know.
func TestOutOfBandServicesAreNoHubs(t *testing.T) {
	list, err := fs.ReadFile(Rules(), "lists/out_of_band_domains.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		service := strings.TrimSpace(line)
		if service == "" || strings.HasPrefix(service, "#") {
			continue
		}
		if got, want := incident.Registrable("x."+"customer."+service), "customer."+service; got != want {
			t.Errorf("a name below %s is told apart by %q, want %q", service, got, want)
		}
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestRulesAreDescribed(t *testing.T) {
	var tactics []string
	for _, tactic := range Tactics() {
		tactics = append(tactics, tactic.Name)
	}
	for _, r := range load(t) {
		if !uuid.MatchString(r.ID) {
			t.Errorf("%s: id %q is not a random UUID", r.File, r.ID)
		}
		if r.Description == "" || len(r.FalsePositives) == 0 || r.Severity() < 0 || r.Status == "" || r.Author == "" {
			t.Errorf("%s: description, false positives, level, status or author is missing", r.File)
		}
		if len(r.Tactics) == 0 || len(r.Techniques) == 0 {
			t.Errorf("%s: no tactic or no technique", r.File)
		}
		for _, name := range r.Tactics {
			if !slices.Contains(tactics, name) {
				t.Errorf("%s: tactic %s is not in attack/tactics.tsv", r.File, name)
			}
		}
	}
}

// Every rule must hold for processes in containers as well: its tests say so.
func TestRulesAreTestedInContainers(t *testing.T) {
	for _, r := range load(t) {
		text, err := fs.ReadFile(Rules(), strings.TrimSuffix(r.File, ".yml")+".test")
		if err != nil {
			t.Fatal(err)
		}
		positive, _, _ := strings.Cut(string(text), "expect none")
		if !strings.Contains(positive, "container.id") {
			t.Errorf("%s: no positive test in a container", r.File)
		}
	}
}

func TestTechniquesExist(t *testing.T) {
	var table []byte
	for _, dir := range []string{os.Getenv("BAIZE_TEST_DATA"), "../../shared/data", "../../../shared/data"} {
		if text, err := os.ReadFile(filepath.Join(dir, "attack/techniques.tsv")); dir != "" && err == nil {
			table = text
			break
		}
	}
	if table == nil {
		t.Skip("the table of ATT&CK techniques is not at hand (set BAIZE_TEST_DATA)")
	}
	for _, r := range load(t) {
		for _, id := range r.Techniques {
			if !strings.Contains(string(table), "\n"+id+"\t") {
				t.Errorf("%s: technique %s does not exist", r.File, id)
			}
		}
	}
}

func TestTacticsTable(t *testing.T) {
	all := Tactics()
	if len(all) != 16 || all[0].Name != "reconnaissance" || all[15].TitleZH != "影响" {
		t.Errorf("tactics = %+v", all)
	}
}
