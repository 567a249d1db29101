package sigma

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Drawn items cover every modifier. Alphabets are small, so that things meet:
// letters with several cases (k has three, s as well), separators, escapes.
var (
	caseText   = rapid.StringOfN(rapid.SampledFrom([]rune("aAkK\u212asS\u017féÉ*?\\ /-")), 0, 4, -1)
	notated    = rapid.StringOfN(rapid.SampledFrom([]rune("aAkKs\u212a\u017fé*?\\/- ")), 0, 4, -1)
	asciiWord  = rapid.StringMatching(`[a-c]{1,4}`)
	optionText = rapid.StringMatching(` ?[-/–]?[ab] ?[-/—]?[ab]?`)
	drawnTime  = rapid.SampledFrom([]string{"2024-12-30T23:59:58Z", "2024-12-31T00:00:00.5Z", "2023-06-05T04:03:02+02:00", "no time"})
	drawnNet   = rapid.SampledFrom([]string{"10.1.2.3", "10.255.0.1", "192.168.3.9", "::1", "fe80::17", "::ffff:10.0.0.1", "10.1"})
	encoded    = rapid.Custom(func(t *rapid.T) string {
		word := rapid.OneOf(asciiWord, rapid.SampledFrom([]string{"abc", "abca", "bcabc"})).Draw(t, "word")
		form := rapid.SampledFrom([]string{"base64", "wide", "utf16be"}).Draw(t, "form")
		before, after := rapid.StringMatching(`[xyz]{0,3}`).Draw(t, "before"), rapid.StringMatching(`[xyz]{0,3}`).Draw(t, "after")
		return transformed(form, before+word+after)[0]
	})
	anyValue = rapid.OneOf(
		asAny(caseText), asAny(asciiWord), asAny(optionText), asAny(drawnTime), asAny(drawnNet), asAny(encoded),
		asAny(rapid.IntRange(-3, 60)), asAny(rapid.SampledFrom([]float64{0.5, 2.25, 1e20})), asAny(rapid.Bool()), rapid.Just[any](nil),
	)
	nested = rapid.OneOf(anyValue, asAny(rapid.SliceOfN(anyValue, 0, 3)),
		asAny(rapid.SliceOfN(rapid.OneOf(anyValue, asAny(rapid.SliceOfN(anyValue, 0, 2))), 0, 2)))
	anyRecord = rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"f", "g", "h"}), nested, 0, 3), func(m map[string]any) flat { return m })
)

func asAny[T any](g *rapid.Generator[T]) *rapid.Generator[any] {
	return rapid.Map(g, func(v T) any { return v })
}

// kinds of drawn items, and the values that have to do with each.
const itemKinds = 14

var related = map[int]*rapid.Generator[any]{
	0: rapid.Just[any](nil), 2: asAny(rapid.IntRange(-5, 62)), 3: asAny(drawnTime), 4: asAny(drawnNet),
	7: asAny(optionText), 8: asAny(encoded), 9: asAny(encoded),
}

// drawRelated draws a record in which one field holds what an item of the kind
// asks for, more often than chance would.
func drawRelated(t *rapid.T, kind int) flat {
	rec := anyRecord.Draw(t, "record")
	if g, ok := related[kind]; ok {
		rec = maps.Clone(rec)
		rec[rapid.SampledFrom([]string{"f", "g", "h"}).Draw(t, "related field")] = g.Draw(t, "related")
	}
	return rec
}

// drawModified draws one item with its modifiers.
func drawModified(t *rapid.T) string {
	return drawKind(t, rapid.IntRange(0, itemKinds-1).Draw(t, "kind"))
}

func drawKind(t *rapid.T, kind int) string {
	field := rapid.SampledFrom([]string{"f", "g", "h"}).Draw(t, "field")
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	values := func(g *rapid.Generator[string]) string {
		list := rapid.SliceOfN(rapid.Map(g, quote), 1, 3).Draw(t, "values")
		return "[" + strings.Join(list, ", ") + "]"
	}
	anchor := pick("anchor", "", "|contains", "|startswith", "|endswith")
	neq := pick("neq", "", "", "", "|neq")
	switch kind {
	case 0:
		return field + neq + ": null"
	case 1:
		return fmt.Sprintf("%s|exists%s: %t", field, neq, rapid.Bool().Draw(t, "there"))
	case 2:
		return fmt.Sprintf("%s%s%s: %d", field, pick("operator", "|lt", "|lte", "|gt", "|gte"), neq, rapid.IntRange(-4, 61).Draw(t, "n"))
	case 3:
		return fmt.Sprintf("%s%s%s: %d", field, pick("part", "|minute", "|hour|gte", "|day", "|week", "|month", "|year|lt"), neq, rapid.SampledFrom([]int{1, 4, 6, 12, 23, 2024}).Filter(func(n int) bool { return n <= 12 }).Draw(t, "n"))
	case 4:
		return field + "|cidr" + neq + ": " + values(rapid.SampledFrom([]string{"10.0.0.0/8", "10.1.0.0/15", "::/0", "fe80::/10", "192.168.3.9"}))
	case 5:
		return field + "|fieldref" + anchor + pick("cased", "", "|cased") + neq + ": " + pick("other", "f", "g", "h")
	case 6:
		return field + "|re" + pick("flags", "", "|i", "|m|s", "|i|s") + anchor + neq + ": " +
			pick("expression", "'a+k'", "'(a|k)$'", "'^.?é'", "'[ab]-'", "'s/|k '", "'-(a|b)'", "'[kK]s'", "'(ab){1,2}c?'")
	case 7:
		return field + "|windash" + anchor + neq + ": " + values(optionText.Filter(func(s string) bool { return s != "" }))
	case 8:
		return field + pick("encoding", "|base64", "|wide", "|utf16be", "|utf16le|base64") + anchor + neq + ": " + values(asciiWord)
	case 9:
		return field + "|base64offset|contains" + neq + ": " + values(rapid.SampledFrom([]string{"abc", "abca", "bcabc"}))
	case 10:
		return field + neq + ": " + pick("plain", "5", "-2", "0.5", "true", "100000000000000000000", "[1, 2.25, x]")
	case 11:
		list := rapid.SliceOfN(rapid.Map(notated, quote), 2, 3).Draw(t, "values")
		return field + anchor + "|all" + neq + ": [" + strings.Join(list, ", ") + "]"
	}
	return field + anchor + pick("cased", "", "", "|cased") + neq + ": " + values(notated)
}

// drawDocument draws a rule: searches of every shape and a nested condition.
func drawDocument(t *rapid.T, id int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id: '%04d'\ntitle: t\nlogsource:\n  product: linux\ndetection:\n", id)
	names := []string{"sel_1", "sel_2", "filter", "_own"}
	for _, name := range names {
		fmt.Fprintf(&b, "  %s:\n", name)
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			fmt.Fprintf(&b, "    - %s\n    - %s\n", quote(asciiWord.Draw(t, "keyword")), quote(notated.Draw(t, "keyword")))
		case 1:
			fmt.Fprintf(&b, "    - %s\n    - %s\n", drawModified(t), drawModified(t))
		case 2:
			// Two items of one name would not be YAML.
			first, second := drawModified(t), drawModified(t)
			fmt.Fprintf(&b, "    %s\n", first)
			if name, _, _ := strings.Cut(second, ":"); !strings.HasPrefix(first, name+":") {
				fmt.Fprintf(&b, "    %s\n", second)
			}
		default:
			fmt.Fprintf(&b, "    %s\n", drawModified(t))
		}
	}
	fmt.Fprintf(&b, "  condition: %s\n", drawCondition(t, 3))
	return b.String()
}

func drawCondition(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 6).Draw(t, "condition")
	if depth == 0 {
		kind = 0
	}
	below := func() string { return drawCondition(t, depth-1) }
	switch kind {
	case 1:
		return "not " + below()
	case 2:
		return below() + " and " + below()
	case 3:
		return below() + " or " + below()
	case 4:
		return "(" + below() + ")"
	case 5:
		return "not (" + below() + ")"
	}
	return rapid.SampledFrom([]string{
		"sel_1", "sel_2", "filter", "_own", "1 of sel_*", "all of sel_*", "1 of them", "all of them", "any of *", "1 of filter", "all of _*",
	}).Draw(t, "operand")
}

// TestMatcherAgreesWithTheInterpreter : several rules in one set, so that they
// share automata, against the second reading of each rule's text.
func TestMatcherAgreesWithTheInterpreter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var texts []string
		var docs []reading
		for i := range rapid.IntRange(1, 6).Draw(rt, "rules") {
			texts = append(texts, drawDocument(rt, i))
			docs = append(docs, read(t, texts[i]))
		}
		set, report := Load(files(texts...))
		if report.Loaded != len(texts) {
			rt.Fatalf("not all loaded: %+v\n%s", report, strings.Join(texts, "---\n"))
		}
		for range 6 {
			rec := anyRecord.Draw(rt, "record")
			var want []string
			for i, doc := range docs {
				if doc.holds(t, rec) {
					want = append(want, fmt.Sprintf("%04d", i))
				}
			}
			if got := keys(set.Match(rec, nil)); fmt.Sprint(got) != fmt.Sprint(want) {
				rt.Fatalf("record %#v: matched %v, want %v\n%s", rec, got, want, strings.Join(texts, "---\n"))
			}
		}
	})
}

// TestEachKindOfItemAgreesWithTheInterpreter asks one item of records that
// have to do with it.
func TestEachKindOfItemAgreesWithTheInterpreter(t *testing.T) {
	for kind := range itemKinds {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				text := rule("s:\n  " + drawKind(rt, kind) + "\ncondition: s")
				set, report := Load(files(text))
				if report.Loaded != 1 {
					rt.Fatalf("%+v\n%s", report, text)
				}
				doc := read(t, text)
				for range 20 {
					rec := drawRelated(rt, kind)
					if got, want := len(set.Match(rec, nil)) == 1, doc.holds(t, rec); got != want {
						rt.Fatalf("record %#v: %t, want %t\n%s", rec, got, want, text)
					}
				}
			})
		})
	}
}

// TestPublicRulesAgreeWithTheInterpreter makes, of every public rule, records
// that hold its values, and judges them by all public rules both ways.
func TestPublicRulesAgreeWithTheInterpreter(t *testing.T) {
	var docs []reading
	var texts []string
	root := os.DirFS(corpus(t))
	err := fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".yml" {
			return err
		}
		text, err := fs.ReadFile(root, name)
		texts = append(texts, string(text))
		docs = append(docs, read(t, string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	set, report := Load(files(texts...))
	byFile := map[string]int{}
	for i := range texts {
		byFile[fileName(i)] = i
	}
	matched := 0
	for i, doc := range docs {
		source := Logsource{doc.Logsource["product"], doc.Logsource["category"], doc.Logsource["service"]}
		for variant := range 2 {
			rec := exampleOf(doc, variant)
			got := map[int]bool{}
			for _, r := range set.Match(sourced{rec, source}, nil) {
				got[byFile[r.File]] = true
			}
			for j, other := range docs {
				covers := Logsource{other.Logsource["product"], other.Logsource["category"], other.Logsource["service"]}.Covers(source)
				if want := covers && other.holds(t, rec); got[j] != want {
					t.Fatalf("record of rule %d, %v: rule %d matched %t, want %t\n%s", i, rec, j, got[j], want, texts[j])
				}
				if got[j] {
					matched++
				}
			}
		}
	}
	if report.Loaded != len(texts) || matched < len(texts)/2 {
		t.Errorf("%d of %d rules loaded, %d matches: the records say too little", report.Loaded, len(texts), matched)
	}
}

// exampleOf is a record with a value for each item of a rule: the first of the
// list or the last.
func exampleOf(doc reading, variant int) flat {
	rec := flat{}
	var visit func(v any)
	item := func(name string, v any) {
		field, modifiers, _ := strings.Cut(name, "|")
		list := flatten(v)
		text := written(list[variant*(len(list)-1)])
		text = strings.NewReplacer("*", "x", "?", "y", `\\`, `\`).Replace(text)
		if strings.Contains(modifiers, "all") {
			text = ""
			for _, part := range list {
				text += " " + written(part)
			}
		}
		if strings.Contains(modifiers, "contains") {
			text = "a " + text + " b"
		}
		if field != "" && rec[field] == nil {
			rec[field] = text
		}
	}
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, values := range v {
				item(name, values)
			}
		case []any:
			for _, inner := range v {
				if s, ok := inner.(string); ok {
					rec["message"] = "a " + strings.ReplaceAll(s, "*", "x") + " b"
				}
				visit(inner)
			}
		}
	}
	for _, entry := range doc.Detection {
		if name := fmt.Sprint(entry.Key); name != "condition" && !strings.Contains(name, "filter") {
			visit(entry.Value)
		}
	}
	return rec
}
