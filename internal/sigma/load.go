package sigma

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ListDir is the directory of placeholder values: the lines of lists/NAME.txt
// are the values of %NAME% in items with |expand. Empty lines and lines that
// begin with '#' are left out.
const ListDir = "lists"

// Load reads the rules of all *.yml and *.yaml files below the roots, in order
// of path, and compiles them. It always returns a usable set: the report says
// what is not in it and why. A rule id counts once; a later rule with the same
// id is invalid.
func Load(roots ...fs.FS) (*Set, *Report) {
	l := loader{
		detector: detector{lists: placeholders{}},
		report:   &Report{Unsupported: []Problem{}, Invalid: []Problem{}},
		ids:      map[string]string{},
	}
	for _, root := range roots {
		l.walk(root, l.readList)
	}
	for _, root := range roots {
		l.walk(root, l.readRules)
	}
	slices.SortStableFunc(l.rules, func(a, b *Rule) int {
		return cmp.Or(strings.Compare(a.Key(), b.Key()), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	l.report.Rules = len(l.rules)
	return compile(l.rules), l.report
}

type loader struct {
	detector
	report *Report
	rules  []*Rule
	// ids are the files of the rules loaded so far.
	ids map[string]string
}

// walk calls read for every file below root, in order of path.
func (l *loader) walk(root fs.FS, read func(fs.FS, string)) {
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			read(root, name)
		}
		return nil
	})
	if err != nil {
		l.report.Invalid = appendOnce(l.report.Invalid, Problem{File: ".", Reason: err.Error()})
	}
}

func appendOnce(list []Problem, p Problem) []Problem {
	if slices.Contains(list, p) {
		return list
	}
	return append(list, p)
}

func (l *loader) readList(root fs.FS, name string) {
	if path.Base(path.Dir(name)) != ListDir || path.Ext(name) != ".txt" {
		return
	}
	data, err := readFile(root, name)
	if err != nil {
		l.report.Invalid = append(l.report.Invalid, Problem{File: name, Reason: err.Error()})
		return
	}
	key := strings.TrimSuffix(path.Base(name), ".txt")
	for _, line := range strings.Split(string(data), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			l.lists[key] = append(l.lists[key], line)
		}
	}
}

func (l *loader) readRules(root fs.FS, name string) {
	if ext := path.Ext(name); ext != ".yml" && ext != ".yaml" {
		return
	}
	l.report.collect(name, l.loadFile(root, name))
}

// loadFile loads the documents of one file and returns what is wrong with them.
func (l *loader) loadFile(root fs.FS, name string) []error {
	data, err := readFile(root, name)
	if err != nil {
		return []error{err}
	}
	docs, err := parseYAML(data)
	if err != nil {
		return []error{err}
	}
	if len(docs) == 0 {
		return []error{malformed(1, "file has no rule")}
	}
	var faults []error
	for _, doc := range docs {
		rule, err := l.document(doc, name)
		if err == nil {
			err = l.add(rule)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

func (l *loader) add(r *Rule) error {
	if first, taken := l.ids[r.ID]; taken && r.ID != "" {
		return malformed(r.Line, "id %s is already that of %s", r.ID, first)
	}
	l.ids[r.ID] = r.File
	l.rules = append(l.rules, r)
	return nil
}

// readFile reads a file without trusting its size.
func readFile(root fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(root, name)
	if err != nil {
		return nil, fmt.Errorf("reading: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, malformed(0, "not a regular file")
	}
	if info.Size() > maxFileSize {
		return nil, malformed(0, "file is larger than %d bytes", maxFileSize)
	}
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, fmt.Errorf("reading: %w", err)
	}
	return data, nil
}
