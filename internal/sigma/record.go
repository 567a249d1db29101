package sigma

import "cmp"

// Logsource says where records come from. In a rule an empty part means "any".
type Logsource struct {
	Product  string `json:"product,omitempty"`
	Category string `json:"category,omitempty"`
	Service  string `json:"service,omitempty"`
}

// String returns the parts as PRODUCT/CATEGORY/SERVICE, with * for any.
func (l Logsource) String() string {
	part := func(s string) string { return cmp.Or(s, "*") }
	return part(l.Product) + "/" + part(l.Category) + "/" + part(l.Service)
}

// Covers reports whether a rule of log source l applies to records of r: every
// part that the rule names equals the record's.
func (l Logsource) Covers(r Logsource) bool {
	return (l.Product == "" || l.Product == r.Product) &&
		(l.Category == "" || l.Category == r.Category) &&
		(l.Service == "" || l.Service == r.Service)
}

// Record is what rules are matched against. Match calls it from one goroutine
// and keeps nothing of it.
type Record interface {
	// Logsource of the record.
	Logsource() Logsource
	// Schema numbers the record's fields; nil where fields go by name only.
	Schema() *Schema
	// Field adds the values of one field to out, none if it is not there. id
	// is the field's number in Schema, or -1 where Schema is nil or lacks it.
	Field(id int, name string, out *Values)
	// Strings adds every string value of the record, for keywords.
	Strings(out *Values)
}

// Schema numbers the fields of one kind of record, so that matching looks no
// names up. Build it once; sets remember the numbers by its address.
type Schema struct {
	names []string
	ids   map[string]int
}

// NewSchema numbers names from 0 in their order.
func NewSchema(names ...string) *Schema {
	s := &Schema{names: names, ids: make(map[string]int, len(names))}
	for i, n := range names {
		s.ids[n] = i
	}
	return s
}

// Names are the fields in the order of their numbers.
func (s *Schema) Names() []string { return s.names }

// ID is the number of a field, -1 for one the schema lacks or a nil schema.
func (s *Schema) ID(name string) int {
	if s == nil {
		return -1
	}
	if id, ok := s.ids[name]; ok {
		return id
	}
	return -1
}
