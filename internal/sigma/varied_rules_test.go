package sigma

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"regexp"
	"strings"
	"testing"
)

// quotedValue is a value of a public rule, which quotes them.
var (
	quotedValue = regexp.MustCompile(`'[^']*'`)
	longWord    = regexp.MustCompile(`[a-z]{3,}`)
	ruleID      = regexp.MustCompile(`(?m)^id: .*$`)
)

// variedRules returns n variants of every public rule: the rule itself, then
// the same with other words in its values. Programs keep their names in half
// of the rules, as in collections that have many rules on one program.
func variedRules(t testing.TB, root fs.FS, n int) []string {
	t.Helper()
	var rules []string
	err := fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".yml" {
			return err
		}
		text, err := fs.ReadFile(root, name)
		for i := range n {
			rules = append(rules, varyRule(string(text), i))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// varyRule is the i-th variant of a rule; the 0-th is the rule.
func varyRule(text string, i int) string {
	head, detection, found := strings.Cut(text, "\ndetection:\n")
	if i == 0 || !found {
		return text
	}
	random := rand.New(rand.NewPCG(uint64(i), uint64(len(text))))
	keepPrograms := random.IntN(2) == 0
	lines := strings.SplitAfter(detection, "\n")
	program := false
	for j, line := range lines {
		if strings.Contains(line, ":") {
			program = strings.Contains(line, "Image")
		}
		if strings.Contains(line, "condition:") || strings.Contains(line, "|re") || program && keepPrograms {
			continue
		}
		lines[j] = quotedValue.ReplaceAllStringFunc(line, func(v string) string {
			return longWord.ReplaceAllStringFunc(v, func(w string) string { return varyWord(w, random) })
		})
	}
	head = ruleID.ReplaceAllStringFunc(head, func(id string) string { return fmt.Sprintf("%s-%d", id, i) })
	return head + "\ndetection:\n" + strings.Join(lines, "")
}

// varyWord replaces the letters of most words by others of their kind, so that
// the words stay as long and about as likely as those of a language.
func varyWord(word string, random *rand.Rand) string {
	if random.IntN(4) == 0 {
		return word
	}
	out := []byte(word)
	for i, c := range out {
		const vowels, consonants = "aeiou", "tnshrdlcmwfgypbvk"
		if strings.IndexByte(vowels, c) >= 0 {
			out[i] = vowels[random.IntN(len(vowels))]
		} else {
			out[i] = consonants[random.IntN(len(consonants))]
		}
	}
	return string(out)
}
