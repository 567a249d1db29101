package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tracked lists the files of the repository whose names match pattern, as git
// sees them: neither build output nor dependencies, but new files too.
func tracked(t *testing.T, pattern string) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", pattern)
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files %s: %v", pattern, err)
	}
	var names []string
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		if _, err := os.Stat(filepath.Join(root, name)); name != "" && err == nil {
			names = append(names, filepath.Join(root, name))
		}
	}
	return names
}

// clockReaders are the functions of package time that read the machine's clock.
var clockReaders = map[string]bool{
	"Now": true, "Since": true, "Until": true, "After": true, "AfterFunc": true, "Tick": true, "NewTimer": true, "NewTicker": true, "Sleep": true,
}

func TestPurePackagesTakeTimeFromEvents(t *testing.T) {
	for _, p := range packages(t) {
		if !isPure(p.ImportPath) {
			continue
		}
		for _, name := range p.GoFiles {
			for _, use := range clockUses(t, filepath.Join(p.Dir, name)) {
				t.Errorf("%s reads the clock", use)
			}
		}
	}
}

func clockUses(t *testing.T, file string) []token.Position {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var uses []token.Position
	ast.Inspect(tree, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if name, ok := selector.X.(*ast.Ident); ok && name.Name == "time" && clockReaders[selector.Sel.Name] {
			uses = append(uses, set.Position(selector.Pos()))
		}
		return true
	})
	return uses
}

func TestGoFilesStayShort(t *testing.T) {
	const limit = 600
	generated := regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	for _, file := range tracked(t, "*.go") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(content, []byte("\n")); lines > limit && !generated.Match(content) {
			t.Errorf("%s has %d lines, past %d", file, lines, limit)
		}
	}
}

// TestBPFSourcesAreDualLicensed : the kernel refuses GPL-only helpers to a
// program that does not declare a compatible licence.
func TestBPFSourcesAreDualLicensed(t *testing.T) {
	const want = "SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)"
	for _, file := range append(tracked(t, "internal/agent/sensor/*.c"), tracked(t, "internal/agent/sensor/*.h")...) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := bytes.Cut(content, []byte("\n"))
		if !bytes.Contains(first, []byte(want)) {
			t.Errorf("%s does not begin with %q", file, want)
		}
	}
}

var markdownLink = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

func TestLinksOfDocumentsResolve(t *testing.T) {
	for _, file := range tracked(t, "*.md") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range markdownLink.FindAllStringSubmatch(string(content), -1) {
			target := link[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), target)); err != nil {
				t.Errorf("%s links to %s: %v", file, target, err)
			}
		}
	}
}
