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

// Load reads the rules, filters and correlations of all *.yml and *.yaml files below the
// roots, in order of path, and compiles them. It always returns a usable set:
// the report says what is not in it and why. A rule id counts once; a later
// rule with the same id is invalid.
func Load(roots ...fs.FS) (*Set, *Report) { return load(maxLiterals, roots) }

// load is Load with a bound on the bytes of literals.
func load(bound int, roots []fs.FS) (*Set, *Report) {
	l := loader{
		bound:    bound,
		detector: detector{lists: placeholders{}},
		report:   &Report{Unsupported: []Problem{}, Invalid: []Problem{}},
		taken:    map[string]*file{},
	}
	for _, read := range []func(fs.FS, string){l.readList, l.readRules} {
		for _, root := range roots {
			l.walk(root, read)
		}
	}
	l.filterAll()
	l.process()
	for _, d := range l.drafts {
		if err := l.finish(d); err != nil {
			d.file.fail(err)
		}
	}
	correlations := resolve(l.rules, l.correlations)
	l.rules = append(l.rules, correlations...)
	for _, f := range l.files {
		l.report.collect(f.name, f.faults)
	}
	slices.SortStableFunc(l.rules, func(a, b *Rule) int {
		return cmp.Or(strings.Compare(a.Key(), b.Key()), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	l.report.Rules = len(l.rules)
	set := compile(l.rules)
	set.correlations = correlations
	return set, l.report
}

// maxLiterals bounds the bytes of all literals of a set, and with them its
// memory: a byte makes at most one state, of some 30 bytes beside the tables,
// which are at most 4 MB for each field of a log source. A thousand public rules
// have about 50 kB.
const maxLiterals = 8 << 20

type loader struct {
	detector
	report       *Report
	files        []*file
	drafts       []*draft
	filters      []*filter
	correlations []*pendingCorrelation
	// pipelines are in the order in which they run.
	pipelines []*pipeline
	rules     []*Rule
	// literals counts the bytes of the literals of all rules, up to bound.
	literals, bound int
	// taken are the files in which ids and names were first used.
	taken map[string]*file
}

// file is one file that is being loaded, with what is wrong in it.
type file struct {
	name   string
	faults []error
}

// fail notes what is wrong, once.
func (f *file) fail(err error) {
	same := func(e error) bool { return e.Error() == err.Error() }
	if !slices.ContainsFunc(f.faults, same) {
		f.faults = append(f.faults, err)
	}
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
	if IsPipeline(name) {
		l.readPipeline(root, name)
		return
	}
	f := &file{name: name}
	l.files = append(l.files, f)
	docs, err := readDocuments(root, name)
	if err != nil {
		f.fail(err)
		return
	}
	var c collection
	for _, n := range docs {
		if n.shape != shapeMap {
			f.fail(malformed(n.line, "a rule must be a map"))
			continue
		}
		doc, ok, err := c.add(n)
		if err == nil && ok {
			err = l.document(doc, f)
		}
		if err != nil {
			f.fail(err)
		}
	}
}

// readDocuments reads the YAML documents of a file.
func readDocuments(root fs.FS, name string) ([]*node, error) {
	data, err := readFile(root, name)
	if err != nil {
		return nil, err
	}
	docs, err := parseYAML(data)
	if err == nil && len(docs) == 0 {
		err = malformed(1, "file has no rule")
	}
	return docs, err
}

// document keeps one document by what it is: a rule, a filter, a correlation.
func (l *loader) document(doc document, f *file) error {
	if doc.get("correlation") != nil {
		return l.correlation(doc, f)
	}
	if doc.get("filter") != nil {
		read, err := l.filter(doc.node)
		if err == nil {
			read.section.owner = f
			l.filters = append(l.filters, read)
		}
		return err
	}
	d, err := l.draft(doc)
	if err == nil {
		d.file, d.rule.File = f, f.name
		l.drafts = append(l.drafts, d)
	}
	return err
}

// finish compiles a rule and puts it in force.
func (l *loader) finish(d *draft) error {
	if err := d.compile(); err != nil {
		return err
	}
	if err := l.claimNames(d.rule, d.collected, d.file); err != nil {
		return err
	}
	size := d.rule.cond.literals()
	if l.literals+size > l.bound {
		return unsupported(d.rule.Line, "with this rule the set exceeds %d bytes of values", l.bound)
	}
	l.literals += size
	l.rules = append(l.rules, d.rule)
	return nil
}

// claimNames takes the id and the name of a rule.
func (l *loader) claimNames(r *Rule, collected bool, f *file) error {
	if err := l.claim(r.ID, "id", r.Line, collected, f); err != nil {
		return err
	}
	if r.Name == r.ID {
		return nil
	}
	return l.claim(r.Name, "name", r.Line, collected, f)
}

// claim takes an id or name for a document; those of one collection may share.
func (l *loader) claim(name, what string, line int, collected bool, f *file) error {
	if name == "" {
		return nil
	}
	first, taken := l.taken[name]
	if taken && (first != f || !collected) {
		return malformed(line, "%s %s is already that of %s", what, name, first.name)
	}
	l.taken[name] = f
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
