package sigma

import (
	"encoding/base64"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/goccy/go-yaml"
)

// The interpreter: a second reading of the specification that shares nothing
// with the package but the YAML library. It takes the text of a rule and a
// record as plain values, walks the document for every record and is as slow
// as it likes. Placeholders, filters and pipelines are not its business.

// reading is the document of a rule as the YAML library gives it.
type reading struct {
	Logsource map[string]string `yaml:"logsource"`
	Detection yaml.MapSlice     `yaml:"detection"`
}

func read(t testing.TB, text string) reading {
	t.Helper()
	var doc reading
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("interpreter: %v\n%s", err, text)
	}
	return doc
}

// holds reports whether a record satisfies a rule.
func (doc reading) holds(t testing.TB, rec map[string]any) bool {
	t.Helper()
	in := interpreter{rec: rec, searches: map[string]any{}}
	var conditions []any
	for _, entry := range doc.Detection {
		switch name := fmt.Sprint(entry.Key); name {
		case "condition":
			conditions = flatten(entry.Value)
		default:
			in.names = append(in.names, name)
			in.searches[name] = entry.Value
		}
	}
	for _, c := range conditions {
		if in.condition(t, c.(string)) {
			return true
		}
	}
	return false
}

type interpreter struct {
	rec      map[string]any
	names    []string
	searches map[string]any
}

var (
	quantified = regexp.MustCompile(`(?i)\b(1|any|all)\s+of\s+([\w*]+)`)
	word       = regexp.MustCompile(`[\w-]+`)
)

// condition rewrites a condition to an expression of Go over T and F, whose
// operators bind as Sigma's do, and lets Go's parser read it.
func (in *interpreter) condition(t testing.TB, text string) bool {
	t.Helper()
	text = quantified.ReplaceAllStringFunc(text, func(s string) string {
		words := strings.Fields(s)
		return in.quantity(strings.EqualFold(words[0], "all"), words[2])
	})
	text = word.ReplaceAllStringFunc(text, func(word string) string {
		if value, ok := in.searches[word]; ok {
			return letter(in.search(value))
		}
		if sign, ok := map[string]string{"not": "!", "and": "&&", "or": "||"}[strings.ToLower(word)]; ok {
			return sign
		}
		return word
	})
	tree, err := parser.ParseExpr(strings.Join(strings.Fields(text), " "))
	if err != nil {
		t.Fatalf("interpreter: %q: %v", text, err)
	}
	return truth(tree)
}

func truth(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return truth(e.X)
	case *ast.UnaryExpr:
		return !truth(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.LAND {
			return truth(e.X) && truth(e.Y)
		}
		return truth(e.X) || truth(e.Y)
	}
	return e.(*ast.Ident).Name == "T"
}

func letter(b bool) string {
	if b {
		return "T"
	}
	return "F"
}

func (in *interpreter) quantity(all bool, target string) string {
	var parts []string
	for _, name := range in.names {
		if strings.HasPrefix(name, "_") && !strings.HasPrefix(target, "_") {
			continue
		}
		like := "^" + strings.ReplaceAll(regexp.QuoteMeta(target), `\*`, ".*") + "$"
		if !strings.EqualFold(target, "them") && !regexp.MustCompile(like).MatchString(name) {
			continue
		}
		parts = append(parts, letter(in.search(in.searches[name])))
	}
	if all {
		return letter(!strings.Contains(strings.Join(parts, ""), "F"))
	}
	return letter(strings.Contains(strings.Join(parts, ""), "T"))
}

// search evaluates a search: a map, a list, or a keyword.
func (in *interpreter) search(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, values := range v {
			if !in.item(name, values) {
				return false
			}
		}
		return true
	case yaml.MapSlice:
		for _, entry := range v {
			if !in.item(fmt.Sprint(entry.Key), entry.Value) {
				return false
			}
		}
		return true
	case []any:
		for _, part := range v {
			if in.search(part) {
				return true
			}
		}
		return false
	}
	return in.item("", v)
}

// item evaluates "field|modifiers: values".
func (in *interpreter) item(name string, values any) bool {
	words := strings.Split(name, "|")
	field, modifiers := words[0], words[1:]
	has := func(want string) bool {
		for _, m := range modifiers {
			if m == want {
				return true
			}
		}
		return false
	}
	list, ok := values.([]any)
	if !ok {
		list = []any{values}
	}
	holds := 0
	for _, v := range list {
		if in.value(field, modifiers, v) {
			holds++
		}
	}
	result := holds > 0
	if has("all") {
		result = holds == len(list)
	}
	return result != has("neq")
}

// flatten returns the single values of a field.
func flatten(v any) []any {
	if list, ok := v.([]any); ok {
		var out []any
		for _, inner := range list {
			out = append(out, flatten(inner)...)
		}
		return out
	}
	return []any{v}
}

// of returns the values of a field, or all texts of the record for keywords.
func (in *interpreter) of(field string) (values []any, there bool) {
	if field == "" {
		for _, v := range in.rec {
			for _, single := range flatten(v) {
				if s, ok := single.(string); ok {
					values = append(values, s)
				}
			}
		}
		return values, true
	}
	v, ok := in.rec[field]
	if !ok {
		return nil, false
	}
	values = flatten(v)
	return values, len(values) > 0
}

// written is a value as text, the way a rule would spell it.
func written(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// value evaluates one value of an item.
func (in *interpreter) value(field string, modifiers []string, want any) bool {
	values, there := in.of(field)
	if len(modifiers) > 0 && modifiers[0] == "exists" {
		return there == want.(bool)
	}
	test := in.test(field, modifiers, want)
	if want == nil {
		test = func(any) bool { return false }
	}
	empty := true
	for _, v := range values {
		if v == nil {
			continue
		}
		empty = false
		if test(v) {
			return true
		}
	}
	return want == nil && empty
}

// test returns what one value of the field must satisfy.
func (in *interpreter) test(field string, modifiers []string, want any) func(any) bool {
	texts := []string{written(want)}
	anchor, cased, flags := "", false, ""
	ask := ""
	operator := "eq"
	for _, m := range modifiers {
		switch m {
		case "contains", "startswith", "endswith":
			anchor = m
		case "cased":
			cased = true
		case "re", "cidr", "fieldref":
			ask = m
		case "i", "m", "s":
			flags += m
		case "lt", "lte", "gt", "gte":
			operator = m
			if ask == "" {
				ask = "number"
			}
		case "minute", "hour", "day", "week", "month", "year":
			ask = m
		case "base64", "base64offset", "wide", "utf16le", "utf16be", "utf16", "windash":
			var next []string
			for _, text := range texts {
				next = append(next, transformed(m, text)...)
			}
			texts = next
		}
	}
	switch ask {
	case "re":
		text := written(want)
		switch anchor {
		case "startswith":
			text = "^(?:" + text + ")"
		case "endswith":
			text = "(?:" + text + ")$"
		}
		if flags != "" {
			text = "(?" + flags + ")" + text
		}
		re := regexp.MustCompile(text)
		return func(v any) bool { return re.MatchString(written(v)) }
	case "cidr":
		return func(v any) bool { return inNetwork(written(want), written(v)) }
	case "fieldref":
		others, _ := in.of(written(want))
		return func(v any) bool {
			for _, o := range others {
				if o != nil && notation(regexp.MustCompile(`[*?\\]`).ReplaceAllString(written(o), `\$0`), anchor, cased).MatchString(written(v)) {
					return true
				}
			}
			return false
		}
	case "number":
		return func(v any) bool {
			n, ok := numeric(v)
			return ok && compared(operator, n, asFloat(want))
		}
	case "":
		if field == "" && anchor == "" {
			anchor = "contains"
		}
		return func(v any) bool {
			for _, text := range texts {
				if notation(text, anchor, cased).MatchString(written(v)) {
					return true
				}
			}
			return false
		}
	}
	return func(v any) bool {
		n, ok := partOf(ask, written(v))
		return ok && compared(operator, float64(n), asFloat(want))
	}
}

func asFloat(v any) float64 {
	n, _ := strconv.ParseFloat(fmt.Sprint(v), 64)
	return n
}

func numeric(v any) (float64, bool) {
	if _, isBool := v.(bool); isBool {
		return 0, false
	}
	n, err := strconv.ParseFloat(written(v), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

func compared(operator string, a, b float64) bool {
	switch operator {
	case "lt":
		return a < b
	case "lte":
		return a <= b
	case "gt":
		return a > b
	case "gte":
		return a >= b
	}
	return a == b
}

func partOf(part, text string) (int, bool) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, false
	}
	at = at.UTC()
	_, week := at.ISOWeek()
	return map[string]int{
		"minute": at.Minute(), "hour": at.Hour(), "day": at.Day(), "week": week, "month": int(at.Month()), "year": at.Year(),
	}[part], true
}

// inNetwork compares bit by bit.
func inNetwork(network, text string) bool {
	base, length, found := strings.Cut(network, "/")
	net, err := netip.ParseAddr(base)
	if err != nil {
		return false
	}
	bits := net.BitLen()
	if found {
		bits, _ = strconv.Atoi(length)
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return false
	}
	a, b := addr.Unmap().AsSlice(), net.AsSlice()
	if len(a) != len(b) {
		return false
	}
	for i := range bits {
		if (a[i/8]^b[i/8])>>(7-i%8)&1 != 0 {
			return false
		}
	}
	return true
}

// notation is a value of a rule as a regular expression over bytes: package
// regexp folds and matches, so no code of ours is on both sides.
func notation(text, anchor string, cased bool) *regexp.Regexp {
	key := fmt.Sprint(anchor, cased, text)
	if re, ok := notations.Load(key); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(notationText(text, anchor, cased))
	notations.Store(key, re)
	return re
}

var notations sync.Map

func notationText(text, anchor string, cased bool) string {
	var b strings.Builder
	escaped := false
	for i, r := range text {
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\' && (next == '*' || next == '?' || next == '\\'):
			escaped = true
		case r == '*':
			b.WriteString(".*")
		case r == '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	head, tail := "^", "$"
	if anchor == "contains" || anchor == "endswith" {
		head = ""
	}
	if anchor == "contains" || anchor == "startswith" {
		tail = ""
	}
	flags := "(?is)"
	if cased {
		flags = "(?s)"
	}
	return flags + head + "(?:" + b.String() + ")" + tail
}

// transformed applies an encoding to the notation of a value without escapes.
func transformed(modifier, text string) []string {
	switch modifier {
	case "base64":
		return []string{base64.StdEncoding.EncodeToString([]byte(text))}
	case "base64offset":
		return offsets(text)
	case "windash":
		return dashed(text)
	case "utf16":
		return nil
	}
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if modifier == "utf16be" {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return []string{string(out)}
}

// offsets encodes the text behind every number of bytes, with what may stand
// before and after it varied: what never changes is what is looked for.
func offsets(text string) []string {
	var out []string
	for before := range 3 {
		common := ""
		for variant, fill := range []byte{0x00, 0x55, 0xaa, 0xff} {
			around := strings.Repeat(string([]byte{fill}), 3)
			data := strings.Repeat(string([]byte{fill}), before) + text + around
			encoded := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(data)), "=")
			if variant == 0 {
				common = encoded
			}
			masked := []byte(common)
			for i := range masked {
				if i >= len(encoded) || masked[i] != encoded[i] {
					masked[i] = 0
				}
			}
			common = string(masked)
		}
		out = append(out, strings.Trim(common, "\x00"))
	}
	return out
}

// dashed returns every permutation of the dashes that begin an option.
func dashed(text string) []string {
	at := regexp.MustCompile(`(^|[^A-Za-z0-9_])([-/–—―])([A-Za-z0-9_])`).FindStringSubmatchIndex(text)
	if at == nil {
		return []string{text}
	}
	var out []string
	for _, rest := range dashed(text[at[6]:]) {
		for _, dash := range []string{"-", "/", "–", "—", "―"} {
			out = append(out, text[:at[4]]+dash+rest)
		}
	}
	return out
}
