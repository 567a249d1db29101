package sigma

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Types of correlation that the specification names; value_median is
// value_percentile with percentile 50.
const (
	EventCount      = "event_count"
	ValueCount      = "value_count"
	Temporal        = "temporal"
	TemporalOrdered = "temporal_ordered"
	ValueSum        = "value_sum"
	ValueAvg        = "value_avg"
	ValuePercentile = "value_percentile"
	valueMedian     = "value_median"
)

// Limits of one correlation. What asks for more is refused as unsupported.
const (
	maxReferences = 32
	// maxOrdered are the rules of a temporal_ordered correlation that asks for
	// fewer than all of them.
	maxOrdered = 10
	// maxDistinct is the highest number of values to count apart.
	maxDistinct = 10_000
	maxTimespan = 366 * 24 * time.Hour
)

// Correlation is what a correlation rule asks of the matches of other rules:
// the second half of the Sigma specification. It is immutable once loaded.
type Correlation struct {
	// Type is one of the constants above.
	Type string
	// References are the rules it is about, in the order of the document.
	References []Reference
	// GroupBy are fields or aliases whose values tell groups apart.
	GroupBy []string
	// Timespan is how far apart two events of one match may be.
	Timespan time.Duration
	// Fields are those of the condition: what is counted or computed.
	Fields []string
	// Percentile of the values, 0 to 100. Nil in a value_percentile asks for the
	// share, in percent, that one value has of all.
	Percentile *float64
	// Bounds must all hold for the count or the computed value.
	Bounds []Bound
	// Generate : the rules referred to raise alerts of their own as well.
	Generate bool

	aliases []alias
}

// Reference names one rule, by id or name. The rules of a collection may share
// an id; they count as one.
type Reference struct {
	Name  string
	Rules []*Rule
	line  int
}

// Bound compares with a number: Op is gt, gte, lt, lte, eq or neq.
type Bound struct {
	Op    string
	Value float64
}

// Holds reports whether v is within the bound.
func (b Bound) Holds(v float64) bool {
	switch b.Op {
	case "gt":
		return v > b.Value
	case "gte":
		return v >= b.Value
	case "lt":
		return v < b.Value
	case "lte":
		return v <= b.Value
	case "eq":
		return v == b.Value
	}
	return v != b.Value
}

var boundOps = []string{"gt", "gte", "lt", "lte", "eq", "neq"}

// Holds reports whether v is within all bounds.
func (c *Correlation) Holds(v float64) bool {
	for _, b := range c.Bounds {
		if !b.Holds(v) {
			return false
		}
	}
	return true
}

// Rising reports whether only lower bounds are asked for. Then more events
// cannot undo what a count has reached; otherwise a window has to end before
// the condition is decided.
func (c *Correlation) Rising() bool {
	for _, b := range c.Bounds {
		if b.Op != "gt" && b.Op != "gte" {
			return false
		}
	}
	return true
}

// alias gives one name to different fields of different rules.
type alias struct {
	name string
	line int
	// fields by the name of a rule, later by place in References; "" where
	// the rule has none.
	byRule map[string]string
	fields []string
}

// Field is the field by which events of the i-th reference answer to a name of
// GroupBy or Fields; "" where an alias says nothing of that rule.
func (c *Correlation) Field(name string, i int) string {
	for _, a := range c.aliases {
		if a.name == name {
			return a.fields[i]
		}
	}
	return name
}

// correlationKeys are the attributes of a correlation section.
var correlationKeys = []string{"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"}

// correlation keeps a document with a correlation section.
func (l *loader) correlation(doc document, f *file) error {
	r, err := readCorrelation(doc)
	if err != nil {
		return err
	}
	if err := l.claimNames(r, doc.collected, f); err != nil {
		return err
	}
	r.File = f.name
	l.correlations = append(l.correlations, &pendingCorrelation{rule: r, file: f})
	return nil
}

func readCorrelation(doc document) (*Rule, error) {
	n := doc.node
	r := &Rule{Line: n.line, Correlation: &Correlation{}}
	if err := r.describe(n); err != nil {
		return nil, err
	}
	for _, k := range n.keys {
		if !doc.collected && (k.name == "detection" || k.name == "logsource") {
			return nil, malformed(k.line, "a correlation has no %s of its own", k.name)
		}
	}
	section := n.get("correlation")
	if section.shape != shapeMap {
		return nil, malformed(section.line, "correlation must be a map")
	}
	for _, k := range section.keys {
		if !slices.Contains(correlationKeys, k.name) {
			return nil, unsupported(k.line, "correlation attribute %s", k.name)
		}
	}
	c := r.Correlation
	for _, read := range []func(*Correlation, *node) error{
		(*Correlation).readType, (*Correlation).readRules, (*Correlation).readGroups, (*Correlation).readTimespan, (*Correlation).readCondition,
	} {
		if err := read(c, section); err != nil {
			return nil, err
		}
	}
	for _, from := range []*node{n, section} {
		if err := c.readGenerate(from); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (c *Correlation) readType(n *node) error {
	v := n.get("type")
	if v == nil {
		return malformed(n.line, "correlation has no type")
	}
	if err := text(v, "type", &c.Type); err != nil {
		return err
	}
	known := []string{EventCount, ValueCount, Temporal, TemporalOrdered, ValueSum, ValueAvg, ValuePercentile, valueMedian}
	if !slices.Contains(known, c.Type) {
		return unsupported(v.line, "correlation type %q is not one of %s", c.Type, strings.Join(known, ", "))
	}
	return nil
}

// temporal reports whether the condition counts rules rather than events.
func (c *Correlation) temporal() bool { return c.Type == Temporal || c.Type == TemporalOrdered }

func (c *Correlation) readRules(n *node) error {
	v := n.get("rules")
	if v == nil {
		return malformed(n.line, "correlation has no rules")
	}
	var names []string
	if err := texts(v, "rules", &names); err != nil {
		return err
	}
	for i, name := range names {
		line := v.line
		if v.shape == shapeList {
			line = v.items[i].line
		}
		if slices.Contains(names[:i], name) {
			return malformed(line, "rule %q is named twice", name)
		}
		c.References = append(c.References, Reference{Name: name, line: line})
	}
	switch {
	case len(names) == 0:
		return malformed(v.line, "correlation has no rules")
	case len(names) > maxReferences:
		return unsupported(v.line, "a correlation of more than %d rules", maxReferences)
	}
	return nil
}

func (c *Correlation) readGroups(n *node) error {
	if v := n.get("group-by"); v != nil && v.shape != shapeNull {
		if err := texts(v, "group-by", &c.GroupBy); err != nil {
			return err
		}
	}
	v := n.get("aliases")
	if v == nil || v.shape == shapeNull {
		return nil
	}
	if v.shape != shapeMap {
		return malformed(v.line, "aliases must be a map")
	}
	for i, k := range v.keys {
		a := alias{name: k.name, line: k.line, byRule: map[string]string{}, fields: make([]string, len(c.References))}
		if v.items[i].shape != shapeMap {
			return malformed(k.line, "alias %s must be a map of rule to field", k.name)
		}
		for j, rule := range v.items[i].keys {
			var field string
			if err := text(v.items[i].items[j], "field of alias "+k.name, &field); err != nil {
				return err
			}
			a.byRule[rule.name] = field
		}
		c.aliases = append(c.aliases, a)
	}
	return nil
}

// units of a timespan.
var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}

func (c *Correlation) readTimespan(n *node) error {
	v := n.get("timespan")
	if v == nil {
		return malformed(n.line, "correlation has no timespan")
	}
	var s string
	if err := text(v, "timespan", &s); err != nil {
		return err
	}
	if s == "" || units[s[len(s)-1]] == 0 {
		return malformed(v.line, "timespan %q is not a number and one of s, m, h, d", s)
	}
	unit := units[s[len(s)-1]]
	number, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if err != nil || number == 0 {
		return malformed(v.line, "timespan %q is not a number and one of s, m, h, d", s)
	}
	if number > uint64(maxTimespan/unit) {
		return unsupported(v.line, "timespan %s is longer than %d days", s, maxTimespan/units['d'])
	}
	c.Timespan = time.Duration(number) * unit
	return nil
}

func (c *Correlation) readCondition(n *node) error {
	v := n.get("condition")
	switch {
	case (v == nil || v.shape == shapeNull) && c.temporal():
		c.Bounds = []Bound{{"gte", float64(len(c.References))}}
		return nil
	case v == nil:
		return malformed(n.line, "correlation has no condition")
	case v.shape == shapeString && c.temporal():
		return unsupported(v.line, "a condition over rule names (Sigma 2.2)")
	case v.shape != shapeMap:
		return malformed(v.line, "the condition of a correlation must be a map")
	}
	for i, k := range v.keys {
		if err := c.readCriterion(k, v.items[i]); err != nil {
			return err
		}
	}
	return c.checkCondition(v.line)
}

func (c *Correlation) readCriterion(k key, v *node) error {
	switch {
	case k.name == "field":
		return texts(v, "field", &c.Fields)
	case k.name == "percentile":
		if v.shape != shapeInt && v.shape != shapeFloat || v.num < 0 || v.num > 100 {
			return malformed(v.line, "percentile must be a number from 0 to 100")
		}
		c.Percentile = &v.num
	case slices.Contains(boundOps, k.name):
		if v.shape != shapeInt && v.shape != shapeFloat {
			return malformed(v.line, "%s must be a number", k.name)
		}
		c.Bounds = append(c.Bounds, Bound{k.name, v.num})
	default:
		return malformed(k.line, "condition %q is not one of %s, field, percentile", k.name, strings.Join(boundOps, ", "))
	}
	return nil
}

// checkCondition holds the condition against the type.
func (c *Correlation) checkCondition(line int) error {
	needsField := !c.temporal() && c.Type != EventCount
	switch {
	case len(c.Bounds) == 0:
		return malformed(line, "the condition compares with nothing: want one of %s", strings.Join(boundOps, ", "))
	case needsField && len(c.Fields) == 0:
		return malformed(line, "%s needs a field in its condition", c.Type)
	case !needsField && len(c.Fields) > 0:
		return malformed(line, "%s has no field", c.Type)
	case needsField && c.Type != ValueCount && len(c.Fields) > 1:
		return malformed(line, "%s has one field", c.Type)
	case c.Percentile != nil && c.Type != ValuePercentile:
		return malformed(line, "%s has no percentile", c.Type)
	case c.Type == TemporalOrdered && !c.NeedsAll() && len(c.References) > maxOrdered:
		return unsupported(line, "temporal_ordered of more than %d rules of which not all are needed", maxOrdered)
	}
	for _, b := range c.Bounds {
		if c.Type == ValueCount && b.Value > maxDistinct {
			return unsupported(line, "counting more than %d different values", maxDistinct)
		}
	}
	if c.Type == valueMedian {
		half := 50.0
		c.Type, c.Percentile = ValuePercentile, &half
	}
	return nil
}

// NeedsAll reports whether the condition of a temporal correlation asks for all of
// its rules.
func (c *Correlation) NeedsAll() bool {
	return len(c.Bounds) == 1 && c.Bounds[0] == Bound{"gte", float64(len(c.References))}
}

// readGenerate reads an attribute that stands in the document according to the
// specification, and in the section according to its examples.
func (c *Correlation) readGenerate(n *node) error {
	v := n.get("generate")
	if v == nil || v.shape == shapeNull {
		return nil
	}
	if v.shape != shapeBool {
		return malformed(v.line, "generate must be true or false")
	}
	c.Generate = v.text == "true"
	return nil
}

// String says what the correlation asks, in the words of the rule.
func (c *Correlation) String() string {
	names := make([]string, len(c.References))
	for i, r := range c.References {
		names[i] = r.Name
	}
	s := c.Type + " of " + strings.Join(names, ", ")
	if len(c.GroupBy) > 0 {
		s += " by " + strings.Join(c.GroupBy, ", ")
	}
	s += " within " + c.Timespan.String() + ":"
	if c.Percentile != nil {
		s += fmt.Sprintf(" percentile %v", *c.Percentile)
	}
	if len(c.Fields) > 0 {
		s += " " + strings.Join(c.Fields, ", ")
	}
	for _, b := range c.Bounds {
		s += fmt.Sprintf(" %s %v", b.Op, b.Value)
	}
	return s
}

// Correlations are the correlation rules in force, each behind those that it
// refers to. The caller does not change the slice.
func (s *Set) Correlations() []*Rule { return s.correlations }
