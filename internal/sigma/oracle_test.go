package sigma

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// oracle is the naive interpreter: every rule, every predicate, no automaton.
func oracle(s *Set, rec Record) []*Rule {
	var out []*Rule
	source := rec.Logsource()
	for _, r := range s.rules {
		if r.Logsource.Covers(source) && r.cond.eval(func(a *atom) bool { return naive(a, rec) }) {
			out = append(out, r)
		}
	}
	return out
}

// naive decides an atom by itself. Text patterns go through package regexp,
// so that no code of ours is on both sides.
func naive(a *atom, rec Record) bool {
	var mine, other Values
	if a.field == "" {
		rec.Strings(&mine)
	} else {
		rec.Field(-1, a.field, &mine)
	}
	if a.ask == askField {
		rec.Field(-1, a.other, &other)
	}
	if a.ask != askPattern {
		return a.holds(mine.list, other.list)
	}
	if !utf8.ValidString(a.pattern.String()) || strings.ContainsRune(a.pattern.String(), utf8.RuneError) {
		return naiveBytes(a, mine.list, other.list)
	}
	re := patternRegexp(a.pattern, a.cased)
	for _, v := range mine.list {
		if v.kind != kindNull && re.MatchString(v.text) {
			return true
		}
	}
	return false
}

// naiveBytes decides a pattern of bytes that are not UTF-8 (UTF-16 values),
// which package regexp cannot express.
func naiveBytes(a *atom, mine, other []Value) bool {
	l, simple := a.pattern.anchored()
	if !simple || a.cased {
		return a.holds(mine, other)
	}
	l.lit = fold(l.lit)
	for _, v := range mine {
		if v.kind != kindNull && occurs(l, fold(v.text)) {
			return true
		}
	}
	return false
}

func patternRegexp(p pattern, cased bool) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s")
	if !cased {
		b.WriteString("i")
	}
	b.WriteString(")^")
	for _, part := range p {
		switch part.wild {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(part.lit))
		}
	}
	return regexp.MustCompile(b.String() + "$")
}

// Small alphabets, so that things meet.
var (
	drawnField = rapid.SampledFrom([]string{"a", "b", "c"})
	drawnText  = rapid.StringOfN(rapid.SampledFrom([]rune("aAbk/.\u212aé*É ")), 0, 6, -1)
	drawnValue = rapid.OneOf(
		rapid.Map(drawnText, func(s string) any { return s }),
		rapid.Map(rapid.IntRange(0, 12), func(n int) any { return n }),
		rapid.Just[any](nil), rapid.Just[any](true),
		rapid.Map(rapid.SampledFrom([]string{"10.1.2.3", "192.168.0.1", "\xe9a", "a\xffb"}), func(s string) any { return s }),
		rapid.Map(rapid.SliceOfN(drawnText, 0, 3), func(list []string) any {
			var out []any
			for _, s := range list {
				out = append(out, s)
			}
			return out
		}),
	)
	drawnRecord = rapid.Map(rapid.MapOf(drawnField, drawnValue), func(m map[string]any) flat { return m })
	drawnItem   = rapid.Custom(drawItem)
)

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// drawItem draws one "field|modifiers: value" line.
func drawItem(t *rapid.T) string {
	field := drawnField.Draw(t, "field")
	wild := rapid.StringOfN(rapid.SampledFrom([]rune(`aAbk/é*?\`)), 1, 5, -1)
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0:
		return field + ": null"
	case 1:
		return fmt.Sprintf("%s|exists: %t", field, rapid.Bool().Draw(t, "there"))
	case 2:
		return fmt.Sprintf("%s|gte: %d", field, rapid.IntRange(0, 12).Draw(t, "n"))
	case 3:
		return field + "|cidr: 10.0.0.0/8"
	case 4:
		return field + "|fieldref: " + drawnField.Draw(t, "other")
	case 5:
		return field + "|re" + rapid.SampledFrom([]string{"", "|i"}).Draw(t, "flag") + ": " +
			rapid.SampledFrom([]string{"'a+b'", "'(ab|k)$'", "'^b?k'", "'[ab]é'", "'.'"}).Draw(t, "re")
	case 6:
		return fmt.Sprintf("%s: %d", field, rapid.IntRange(0, 12).Draw(t, "n"))
	}
	modifier := rapid.SampledFrom([]string{"", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq"}).Draw(t, "modifier")
	values := rapid.SliceOfN(rapid.Map(wild, quote), 1, 3).Draw(t, "values")
	return field + modifier + ": [" + strings.Join(values, ", ") + "]"
}

// drawRule draws a rule with two or three detections and a keyword.
func drawRule(t *rapid.T, id int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id: '%04d'\ntitle: t\nlogsource:\n  product: linux\ndetection:\n", id)
	for _, name := range []string{"p", "q", "r"} {
		fmt.Fprintf(&b, "  %s:\n    - %s\n", name, drawnItem.Draw(t, "item"))
		if extra := drawnItem.Draw(t, "second"); rapid.Bool().Draw(t, "two") {
			fmt.Fprintf(&b, "    - %s\n", extra)
		}
	}
	fmt.Fprintf(&b, "  k:\n    - %s\n", quote(rapid.StringOfN(rapid.SampledFrom([]rune("abk/")), 1, 3, -1).Draw(t, "keyword")))
	b.WriteString("  condition: " + rapid.SampledFrom([]string{
		"p and q and r", "p or q", "p and not q", "not p", "not (p or not q)", "1 of them", "all of them",
		"k and (p or r)", "p and not 1 of q*", "not (not p or not (q and r))", "k",
	}).Draw(t, "condition") + "\n")
	return b.String()
}

func TestSharedAutomatonAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rules []string
		for i := range rapid.IntRange(1, 8).Draw(t, "rules") {
			rules = append(rules, drawRule(t, i))
		}
		set, report := Load(files(rules...))
		if report.Loaded != report.Files {
			t.Fatalf("not all loaded: %+v", report)
		}
		for range 8 {
			rec := drawnRecord.Draw(t, "record")
			got, want := set.Match(rec, nil), oracle(set, rec)
			if fmt.Sprint(keys(got)) != fmt.Sprint(keys(want)) {
				t.Fatalf("record %v: matched %v, want %v\n%s", rec, keys(got), keys(want), strings.Join(rules, "---\n"))
			}
		}
	})
}

func keys(rules []*Rule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, r.Key())
	}
	return out
}

func TestGlobAgreesWithRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		notation := rapid.StringOfN(rapid.SampledFrom([]rune(`abAKk*?\é`)), 0, 8, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abAKk*?\\é\u212aÉ")), 0, 10, -1).Draw(t, "text")
		cased := rapid.Bool().Draw(t, "cased")
		p := parsePattern(notation)
		if got, want := newGlob(p, cased).match(text), patternRegexp(p, cased).MatchString(text); got != want {
			t.Fatalf("%q on %q, cased %t: %t, want %t", notation, text, cased, got, want)
		}
		if again := parsePattern(p.String()); again.String() != p.String() {
			t.Fatalf("%q is written as %q and read as %q", notation, p, again)
		}
	})
}

// The automaton must find the same whether nodes have rows or not.
func TestAutomatonFindsEveryLiteral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lit := rapid.StringOfN(rapid.SampledFrom([]rune("abcé")), 1, 5, -1)
		var literals []anchored
		var facts []int32
		for i := range rapid.IntRange(1, 12).Draw(t, "literals") {
			literals = append(literals, anchored{lit.Draw(t, "lit"), rapid.Bool().Draw(t, "start"), rapid.Bool().Draw(t, "end")})
			facts = append(facts, int32(i))
		}
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abcdéB")), 0, 24, -1).Draw(t, "text")
		a := newAutomaton(literals, facts, rapid.SampledFrom([]int{1, 40, maxDense}).Draw(t, "entries"))
		m := matcher{holds: make([]bool, len(facts))}
		a.find(fold(text), &m)
		for i, l := range literals {
			if want := occurs(l, fold(text)); m.holds[i] != want {
				t.Fatalf("%+v in %q: %t, want %t", l, text, m.holds[i], want)
			}
		}
	})
}

func occurs(l anchored, text string) bool {
	switch {
	case l.start && l.end:
		return text == l.lit
	case l.start:
		return strings.HasPrefix(text, l.lit)
	case l.end:
		return strings.HasSuffix(text, l.lit)
	}
	return strings.Contains(text, l.lit)
}

// A literal may end where the state's own nodes and those it fails to end
// none: only the chain of links leads to it.
func TestAutomatonFollowsLinks(t *testing.T) {
	literals := []anchored{{lit: "abcx"}, {lit: "bcy"}, {lit: "c"}, {lit: "abc", start: true, end: true}}
	for _, entries := range []int{1, maxDense} {
		a := newAutomaton(literals, []int32{0, 1, 2, 3}, entries)
		for text, want := range map[string]string{
			"abc": "[false false true true]", "abcx": "[true false true false]", "xabcy": "[false true true false]", "ab": "[false false false false]",
		} {
			m := matcher{holds: make([]bool, len(literals))}
			if a.find(text, &m); fmt.Sprint(m.holds) != want {
				t.Errorf("%d entries, %q: %v, want %s", entries, text, m.holds, want)
			}
		}
	}
}
