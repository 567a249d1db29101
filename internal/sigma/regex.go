package sigma

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxNeeds bounds the literals that one expression contributes to an automaton.
const maxNeeds = 64

// compileRegexp compiles an expression with the flags i, m and s, and the
// anchor of |startswith or |endswith. What RE2 leaves out on purpose (look-around, back references, possessive and atomic
// groups) is unsupported; anything else that does not compile is malformed.
func compileRegexp(text, anchor, flags string, line int) (*regexp.Regexp, []string, error) {
	if _, err := syntax.Parse(text, syntax.Perl); err != nil {
		return nil, nil, regexpFault(text, line, err)
	}
	text = anchoredRegexp(text, anchor)
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, nil, regexpFault(text, line, err)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, nil, regexpFault(text, line, err)
	}
	return re, required(parsed.Simplify()), nil
}

// anchoredRegexp is an expression for |re|startswith and |re|endswith. An
// expression may match anywhere in a value, so |contains changes nothing.
func anchoredRegexp(text, anchor string) string {
	switch anchor {
	case "startswith":
		return `\A(?:` + text + `)`
	case "endswith":
		return `(?:` + text + `)\z`
	}
	return text
}

func regexpFault(text string, line int, err error) error {
	var broken *syntax.Error
	if !errors.As(err, &broken) {
		return malformed(line, "regular expression %q: %v", text, err)
	}
	switch broken.Code {
	case syntax.ErrInvalidNamedCapture:
		if strings.HasPrefix(broken.Expr, "(?<=") || strings.HasPrefix(broken.Expr, "(?<!") {
			return unsupported(line, "regular expression with %q", broken.Expr)
		}
	case syntax.ErrInvalidPerlOp, syntax.ErrLarge, syntax.ErrInvalidRepeatSize:
		return unsupported(line, "regular expression with %q", broken.Expr)
	case syntax.ErrInvalidEscape:
		return unsupported(line, "regular expression with escape %q", broken.Expr)
	case syntax.ErrInvalidRepeatOp:
		if strings.HasSuffix(broken.Expr, "+") {
			return unsupported(line, "regular expression with possessive %q", broken.Expr)
		}
	}
	return malformed(line, "regular expression %q: %v", text, broken.Code)
}

// required returns folded literals one of which is in every text that re
// matches, or nil if it cannot name any: the prefilter of the expression.
func required(re *syntax.Regexp) []string {
	if all := spelled(re); all != nil && shortest(all) > 0 {
		return all
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		return requiredOf(re.Sub)
	case syntax.OpAlternate:
		return requiredAny(re.Sub)
	}
	return nil
}

// requiredOf is required of parts that follow each other: the best of what
// runs of parts spell together and of what each needs by itself.
func requiredOf(subs []*syntax.Regexp) []string {
	var best []string
	run := []string{""}
	for _, sub := range subs {
		next := spelled(sub)
		if longer := joined(run, next); longer != nil {
			run = longer
		} else {
			run = []string{""}
			if joined(run, next) != nil {
				run = next
			}
		}
		for _, found := range [][]string{run, required(sub)} {
			if found != nil && shortest(found) > 0 && weaker(best, found) {
				best = found
			}
		}
	}
	return best
}

// spelled returns all texts, folded, that re matches, nil if they are many or
// unknown. U+FFFD is also what broken bytes decode to, so it promises nothing.
func spelled(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}
	case syntax.OpLiteral:
		if text := string(re.Rune); !strings.ContainsRune(text, utf8.RuneError) {
			return []string{fold(text)}
		}
	case syntax.OpCharClass:
		return spelledClass(re.Rune)
	case syntax.OpCapture:
		return spelled(re.Sub[0])
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range re.Sub {
			all = joined(all, spelled(sub))
		}
		return all
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts := spelled(sub)
			if texts == nil || len(all)+len(texts) > maxNeeds {
				return nil
			}
			all = append(all, texts...)
		}
		return all
	}
	return nil
}

// maxClass bounds the characters of a class that are taken one by one.
const maxClass = 8

// spelledClass returns the characters of a class, given as ranges.
func spelledClass(ranges []rune) []string {
	var all []string
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if text := fold(string(r)); !slices.Contains(all, text) {
				all = append(all, text)
			}
			if r == utf8.RuneError || len(all) > maxClass {
				return nil
			}
		}
	}
	return all
}

// joined returns each head with each tail behind it, nil if they are too many.
func joined(heads, tails []string) []string {
	if len(heads)*len(tails) > maxNeeds {
		return nil
	}
	var all []string
	for _, h := range heads {
		for _, t := range tails {
			all = append(all, h+t)
		}
	}
	return all
}

func requiredAny(subs []*syntax.Regexp) []string {
	var all []string
	for _, sub := range subs {
		found := required(sub)
		if found == nil || len(all)+len(found) > maxNeeds {
			return nil
		}
		all = append(all, found...)
	}
	return all
}

// weaker reports whether literals b tell more than a: the shortest of them is longer.
func weaker(a, b []string) bool {
	if b == nil {
		return false
	}
	return a == nil || shortest(b) > shortest(a)
}

func shortest(texts []string) int {
	least := len(texts[0])
	for _, t := range texts[1:] {
		least = min(least, len(t))
	}
	return least
}
