package sigma

import (
	"cmp"
	"io/fs"
	"maps"
	"slices"
)

// PipelineDir is the directory of processing pipelines: its *.yml files are
// applied to every rule of the load.
const PipelineDir = "pipelines"

// pipeline is a processing pipeline in the form that pySigma defines:
// transformations of rules before they are compiled. Those of several
// pipelines run in order of priority, then in the order in which they are read.
type pipeline struct {
	priority float64
	vars     map[string][]string
	steps    []*processing
}

// processing is one transformation and when it applies.
type processing struct {
	id    string
	rule  guard[*draft]
	item  guard[*item]
	field guard[string]
	apply transformation
}

// transformation changes the rule of a pass. An error is why the rule cannot
// be in force.
type transformation func(*pass) error

// pass is one rule on its way through the pipelines.
type pass struct {
	*draft
	step *processing
	// vars are those of all pipelines, state what transformations set.
	vars  map[string][]string
	state map[string]*node
	// applied are the transformations that ran; fieldApplied those that led to
	// a field's name; mapped the names that a mapping knew.
	applied      map[string]bool
	fieldApplied map[string][]string
	mapped       map[string]bool
	conditions   int
	// spent is the work done on the rule so far.
	spent int
}

// maxWork bounds what pipelines may make of one rule, in items, values and
// bytes: a mapping of a field to itself twice doubles a rule each time it runs.
const maxWork = 1 << 18

// spend accounts for work to be done, and refuses a rule that takes too much.
func (p *pass) spend(work int) error {
	if p.spent += work; work > maxWork || p.spent > maxWork {
		return unsupported(p.rule.Line, "processing pipelines make too much of the rule")
	}
	return nil
}

// readPipeline reads one pipeline file.
func (l *loader) readPipeline(root fs.FS, name string) {
	f := &file{name: name}
	l.files = append(l.files, f)
	docs, err := readDocuments(root, name)
	if err == nil && len(docs) > 1 {
		err = malformed(docs[1].line, "a file holds one pipeline")
	}
	if err != nil {
		f.fail(err)
		return
	}
	p, err := parsePipeline(docs[0])
	if err != nil {
		f.fail(err)
		return
	}
	l.pipelines = append(l.pipelines, p)
}

// parsePipeline reads a pipeline document.
func parsePipeline(n *node) (*pipeline, error) {
	if n.shape != shapeMap {
		return nil, malformed(n.line, "a pipeline must be a map")
	}
	p := &pipeline{vars: map[string][]string{}}
	for i, k := range n.keys {
		if err := p.key(k, n.items[i]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *pipeline) key(k key, v *node) error {
	var err error
	switch k.name {
	case "name":
		err = text(v, "name", new(string))
	case "allowed_backends":
		err = texts(v, k.name, &[]string{})
	case "priority":
		if v.shape != shapeInt && v.shape != shapeFloat {
			return malformed(v.line, "priority must be a number")
		}
		p.priority = v.num
	case "vars":
		err = p.readVars(v)
	case "transformations":
		p.steps, err = parseSteps(v)
	case "postprocessing", "finalizers":
		if len(v.items) > 0 {
			return unsupported(k.line, "%s: rules are not turned into queries here", k.name)
		}
	default:
		return malformed(k.line, "pipeline has no %q", k.name)
	}
	return err
}

func (p *pipeline) readVars(n *node) error {
	if n.shape != shapeMap {
		return malformed(n.line, "vars must be a map")
	}
	for i, k := range n.keys {
		var values []string
		if err := texts(n.items[i], k.name, &values); err != nil {
			return err
		}
		p.vars[k.name] = values
	}
	return nil
}

// parseSteps reads a list of transformations.
func parseSteps(n *node) ([]*processing, error) {
	if n.shape != shapeList {
		return nil, malformed(n.line, "transformations must be a list")
	}
	var steps []*processing
	for _, item := range n.items {
		s, err := parseProcessing(item)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func parseProcessing(n *node) (*processing, error) {
	if n.shape != shapeMap {
		return nil, malformed(n.line, "a transformation must be a map")
	}
	q := params{node: n, what: "transformation", read: map[string]bool{}}
	kind := q.text("type", "")
	parse, known := transformations[kind]
	switch {
	case q.err != nil:
		return nil, q.err
	case kind == "":
		return nil, malformed(n.line, "transformation has no type")
	case foreignTransformations[kind] != "":
		return nil, unsupported(n.at("type"), "transformation %s: %s", kind, foreignTransformations[kind])
	case !known:
		return nil, unsupported(n.at("type"), "transformation %q", kind)
	}
	out := &processing{id: q.text("id", "")}
	out.rule = parseGuard(&q, "rule", ruleConditions)
	out.item = parseGuard(&q, "detection_item", itemConditions)
	out.field = parseGuard(&q, "field_name", fieldConditions)
	out.apply = parse(&q)
	return out, q.done()
}

// foreignTransformations are those of pySigma that have no meaning here.
var foreignTransformations = map[string]string{
	"query_expression_placeholders": "rules are not turned into queries here",
	"field_name_transform":          "it takes a function, which a file cannot hold",
}

// process runs the pipelines over every rule.
func (l *loader) process() {
	slices.SortStableFunc(l.pipelines, func(a, b *pipeline) int { return cmp.Compare(a.priority, b.priority) })
	if len(l.pipelines) == 0 {
		return
	}
	l.drafts = slices.DeleteFunc(l.drafts, func(d *draft) bool {
		for i, s := range d.sections {
			d.sections[i] = s.clone()
		}
		err := newPass(d).run(l.pipelines)
		if err != nil {
			d.file.fail(err)
		}
		return err != nil
	})
}

func newPass(d *draft) *pass {
	return &pass{
		draft: d, vars: map[string][]string{}, state: map[string]*node{}, applied: map[string]bool{},
		fieldApplied: map[string][]string{}, mapped: map[string]bool{},
	}
}

func (p *pass) run(pipelines []*pipeline) error {
	for _, pl := range pipelines {
		maps.Copy(p.vars, pl.vars)
	}
	for _, pl := range pipelines {
		if err := p.runSteps(pl.steps); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) runSteps(steps []*processing) error {
	for _, s := range steps {
		if !s.rule.holds(p, p.draft) {
			continue
		}
		p.step = s
		if err := s.apply(p); err != nil {
			return err
		}
		if s.id != "" {
			p.applied[s.id] = true
		}
		p.taxonomy = "" // Whoever loads a pipeline says that it maps the rule.
	}
	return nil
}
