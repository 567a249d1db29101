package sigma

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Two ways to say the same: what filters, pipelines and collections do to a
// rule is compared with the rule in which a person has done it by hand.

// matchesOf loads rules, which must load, and returns what a record matches.
func matchesOf(t *rapid.T, rec flat, texts ...string) string {
	set, report := Load(files(texts...))
	if len(report.Invalid)+len(report.Unsupported) > 0 {
		t.Fatalf("%+v\n%s", report, strings.Join(texts, "---\n"))
	}
	return fmt.Sprint(keys(set.Match(rec, nil)))
}

func TestAFilterIsOneMoreCondition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head := "id: r\ntitle: t\nlogsource: {product: linux}\n"
		own, filter, negated := drawModified(t), drawModified(t), rapid.Bool().Draw(t, "not")
		not := ""
		if negated {
			not = "not "
		}
		alone := head + "detection:\n  s:\n    " + own + "\n  condition: s\n"
		apart := "title: f\nlogsource: {product: linux}\nfilter:\n  rules: any\n  s:\n    " + filter + "\n  condition: " + not + "s\n"
		byHand := head + "detection:\n  s:\n    " + own + "\n  t:\n    " + filter + "\n  condition: s and " + not + "t\n"
		for range 5 {
			rec := anyRecord.Draw(t, "record")
			if got, want := matchesOf(t, rec, alone, apart), matchesOf(t, rec, byHand); got != want {
				t.Fatalf("record %#v: with the filter %s, by hand %s\n%s\n%s", rec, got, want, own, filter)
			}
		}
	})
}

// TestAMappingRenamesTheRecord : a rule whose fields are mapped judges a record
// as the rule as written judges the record with its fields named back.
func TestAMappingRenamesTheRecord(t *testing.T) {
	mapping := map[string]string{"f": "x.f", "g": "f", "h": "other"}
	pipeline := steps("type: field_name_mapping\nmapping: {f: x.f, g: f, h: other}")
	rapid.Check(t, func(t *rapid.T) {
		text := drawDocument(t, 0)
		for range 5 {
			rec, renamed := anyRecord.Draw(t, "record"), flat{}
			for name, v := range rec {
				renamed[mapping[name]] = v
			}
			set, report := withPipelines(text, pipeline)
			if report.Loaded != 2 {
				t.Fatalf("%+v\n%s", report, text)
			}
			if got, want := fmt.Sprint(keys(set.Match(renamed, nil))), matchesOf(t, rec, text); got != want {
				t.Fatalf("record %#v: mapped %s, as written %s\n%s", rec, got, want, text)
			}
		}
	})
}

// TestARepetitionIsARuleByItself : global and repeat give the rules that stand
// alone with all of their content.
func TestARepetitionIsARuleByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, second, common := drawModified(t), drawModified(t), drawModified(t)
		parts := func(id, own string) string {
			return "id: " + id + "\ndetection:\n  own:\n    " + own + "\n"
		}
		collection := "action: global\ntitle: t\nlogsource: {product: linux}\ndetection:\n  common:\n    " + common + "\n  condition: own and common\n" +
			"---\n" + parts("r1", first) + "---\naction: reset\n---\naction: repeat\n" + parts("r2", second)
		if field, _, _ := strings.Cut(first, ":"); !strings.HasPrefix(second, field+":") {
			// The repetition keeps the items of the rule before that it does not name.
			second = first + "\n    " + second
		}
		alone := func(id, own string) string {
			return "title: t\nlogsource: {product: linux}\n" + parts(id, own) + "  common:\n    " + common + "\n  condition: own and common\n"
		}
		for range 5 {
			rec := anyRecord.Draw(t, "record")
			if got, want := matchesOf(t, rec, collection), matchesOf(t, rec, alone("r1", first), alone("r2", second)); got != want {
				t.Fatalf("record %#v: collection %s, alone %s\n%s", rec, got, want, collection)
			}
		}
	})
}

// TestRulesDoNotDisturbEachOther : a rule matches the same alone and among
// others, with which it shares automata, facts and answers.
func TestRulesDoNotDisturbEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for i := range 4 {
			texts = append(texts, drawDocument(t, i))
		}
		rec := anyRecord.Draw(t, "record")
		var alone []string
		for _, text := range texts {
			if one := matchesOf(t, maps.Clone(rec), text); one != "[]" {
				alone = append(alone, strings.Trim(one, "[]"))
			}
		}
		if got := matchesOf(t, rec, texts...); got != fmt.Sprint(alone) {
			t.Fatalf("record %#v: together %s, alone %v\n%s", rec, got, alone, strings.Join(texts, "---\n"))
		}
	})
}
