package sigma

import (
	"errors"
	"regexp"
	"regexp/syntax"
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
	switch re.Op {
	case syntax.OpLiteral:
		return requiredLiteral(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if found := required(sub); weaker(best, found) {
				best = found
			}
		}
		return best
	case syntax.OpAlternate:
		return requiredAny(re.Sub)
	}
	return nil
}

// requiredLiteral folds a literal. U+FFFD is also what broken bytes decode
// to, so a literal with it promises nothing about bytes.
func requiredLiteral(runes []rune) []string {
	text := string(runes)
	if strings.ContainsRune(text, utf8.RuneError) {
		return nil
	}
	return []string{fold(text)}
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
