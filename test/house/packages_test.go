package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// pkg is what go list says of one package of ours.
type pkg struct {
	Dir        string
	ImportPath string
	Doc        string
	Imports    []string
	Deps       []string
	GoFiles    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	list := exec.Command("go", "list", "-json=Dir,ImportPath,Doc,Imports,Deps,GoFiles", "./...")
	list.Dir = root
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// within reports whether path is prefix or below it.
func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func TestAgentAndServerStandApart(t *testing.T) {
	apart := []struct{ side, never string }{
		{"baize/internal/agent", "baize/internal/server"},
		{"baize/cmd/baize-agent", "baize/internal/server"},
		{"baize/internal/server", "baize/internal/agent"},
		{"baize/cmd/baize-server", "baize/internal/agent"},
	}
	for _, p := range packages(t) {
		for _, rule := range apart {
			if !within(p.ImportPath, rule.side) {
				continue
			}
			for _, dep := range p.Deps {
				if within(dep, rule.never) {
					t.Errorf("%s depends on %s", p.ImportPath, dep)
				}
			}
		}
	}
}

// pure packages decide; whatever they need of the world arrives as an argument.
var pure = []string{
	"baize/internal/event", "baize/internal/alert", "baize/internal/sigma", "baize/internal/taxonomy", "baize/internal/graph",
	"baize/internal/incident", "baize/internal/response", "baize/internal/engine", "baize/internal/lru", "baize/internal/exception",
	"baize/internal/label", "baize/internal/logline", "baize/internal/provenance",
}

// world is what a pure package may not import. Their transitive imports within
// the module are held to the same; generated messages and the standard library are trusted.
var world = []string{
	"os", "os/exec", "os/signal", "os/user", "net", "net/http", "syscall", "database/sql", "log", "log/slog",
	"math/rand", "math/rand/v2", "io/ioutil", "golang.org/x/sys/unix",
}

func TestPurePackagesTouchNothing(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		if !isPure(p.ImportPath) {
			continue
		}
		seen++
		for _, imported := range p.Imports {
			for _, forbidden := range world {
				if imported == forbidden {
					t.Errorf("%s imports %s", p.ImportPath, imported)
				}
			}
			if within(imported, "baize") && !isPure(imported) && !within(imported, "baize/proto") {
				t.Errorf("%s imports %s, which is not pure", p.ImportPath, imported)
			}
		}
	}
	if seen == 0 {
		t.Fatal("no pure package found: the list is out of date")
	}
}

func isPure(path string) bool {
	for _, p := range pure {
		if within(path, p) {
			return true
		}
	}
	return false
}
