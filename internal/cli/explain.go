package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"baize/internal/sigma"
	"baize/internal/taxonomy"
)

func rulesExplainCommand() *cobra.Command {
	var rule string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain --rule FILE EVENT",
		Short: "Say which parts of a rule's condition hold for EVENT (JSON, a file of it, or - for stdin)",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return explainRule(cmd, rule, args[0], asJSON)
		},
	}
	cmd.Flags().StringVar(&rule, "rule", "", "file of the rule")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	if err := cmd.MarkFlagRequired("rule"); err != nil {
		panic(err) // The flag was defined above.
	}
	return cmd
}

func explainRule(cmd *cobra.Command, file, event string, asJSON bool) error {
	rules, err := loadRule(file)
	if err != nil {
		return err
	}
	text, err := readEvent(cmd.InOrStdin(), event)
	if err != nil {
		return err
	}
	records, err := taxonomy.Parse(text)
	if err != nil {
		return no("%v", err)
	}
	for _, rule := range rules {
		if err := printExplanation(cmd.OutOrStdout(), rule, recordFor(rule, records), asJSON); err != nil {
			return unreachable("writing the explanation: %w", err)
		}
	}
	return nil
}

// recordFor is the record of an event that a rule applies to, else the first.
func recordFor(rule *sigma.Rule, records []sigma.Record) sigma.Record {
	for _, rec := range records {
		if rule.Logsource.Covers(rec.Logsource()) {
			return rec
		}
	}
	return records[0]
}

// loadRule loads the rules of one file, with the placeholders of the lists
// beside it or beside its directory.
func loadRule(file string) ([]*sigma.Rule, error) {
	dir, name := filepath.Split(filepath.Clean(file))
	if dir == "" {
		dir = "."
	}
	if _, err := os.Stat(file); err != nil {
		return nil, unreachable("reading the rule: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "..", sigma.ListDir)); err == nil {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return nil, unreachable("reading the rule: %w", err)
		}
		name = filepath.Base(absolute) + "/" + name
		dir = filepath.Join(dir, "..")
	}
	set, report := sigma.Load(os.DirFS(dir))
	for _, p := range append(report.Invalid, report.Unsupported...) {
		if p.File == name {
			return nil, no("%s", p)
		}
	}
	var rules []*sigma.Rule
	for _, r := range set.Rules() {
		if r.File == name {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return nil, no("%s holds no rule (its name must end in .yml or .yaml)", file)
	}
	return rules, nil
}

// readEvent returns an event given as JSON, as a file, or on stdin.
func readEvent(stdin io.Reader, event string) ([]byte, error) {
	if strings.HasPrefix(strings.TrimSpace(event), "{") {
		return []byte(event), nil
	}
	in := stdin
	if event != "-" {
		file, err := os.Open(event)
		if err != nil {
			return nil, unreachable("reading the event: %w", err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxLine))
	if err != nil {
		return nil, unreachable("reading the event: %w", err)
	}
	return text, nil
}

func printExplanation(out io.Writer, rule *sigma.Rule, rec sigma.Record, asJSON bool) error {
	e := rule.Explain(rec)
	if asJSON {
		return json.NewEncoder(out).Encode(struct {
			Rule    string            `json:"rule"`
			Applies bool              `json:"applies"`
			Cause   sigma.Explanation `json:"condition"`
		}{rule.Key(), rule.Logsource.Covers(rec.Logsource()), e})
	}
	fmt.Fprintf(out, "%s (%s)\n", rule.Title, rule.Key())
	if !rule.Logsource.Covers(rec.Logsource()) {
		fmt.Fprintf(out, "NO   log source: the rule is for %s, the event from %s\n", rule.Logsource, rec.Logsource())
	}
	return printPart(out, e, 0)
}

func printPart(out io.Writer, e sigma.Explanation, depth int) error {
	answer := "NO  "
	if e.Holds {
		answer = "yes "
	}
	line := answer + strings.Repeat("  ", depth)
	if e.Detection != "" {
		line += " " + e.Detection + ":"
	}
	line += " " + e.Part
	if e.Parts == nil {
		line += fmt.Sprintf("   (line %d; seen: %s)", e.Line, seen(e.Values))
	}
	if _, err := fmt.Fprintln(out, line); err != nil {
		return err
	}
	for _, part := range e.Parts {
		if err := printPart(out, part, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func seen(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(quoted, ", ")
}
