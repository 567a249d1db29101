package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"baize/internal/event"
	"baize/internal/sigma"
	"baize/internal/taxonomy"
)

// checked is what "rules check --json" prints: the report of loading, and what
// each rule needs.
type checked struct {
	*sigma.Report
	// Evaluable is the number of rules that the telemetry can satisfy.
	Evaluable int             `json:"evaluable"`
	Needs     []taxonomy.Need `json:"needs"`
	// Fleet are the classes of events that rules rest on, by the hosts that
	// lack them; nil where the fleet was not asked.
	Fleet []lacking `json:"fleet,omitempty"`
	// Bytes is the memory of the compiled set.
	Bytes int `json:"bytes"`
}

// lacking is a class of events, and which of the fleet's hosts do not deliver
// it whole.
type lacking struct {
	Class string   `json:"class"`
	Rules int      `json:"rules"`
	Hosts int      `json:"hosts"`
	Lack  []string `json:"lack"`
}

func rulesCheckCommand() *cobra.Command {
	var asJSON, all, fleet bool
	var pipelines []string
	cmd := &cobra.Command{
		Use:   "check [--pipeline FILE]... DIR",
		Short: "Load the rules below DIR and say what is unsupported or invalid, and what each needs of the telemetry",
		Args:  cobra.ExactArgs(1),
	}
	pipelineFlag(cmd, &pipelines)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&all, "all", false, "list every rule, not only those that cannot be evaluated")
	cmd.Flags().BoolVar(&fleet, "fleet", false, "ask the server which hosts lack what the rules need")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := check(args[0], pipelines)
		if err != nil {
			return err
		}
		if fleet {
			ask := online(func(ctx context.Context, client *client, _ *cobra.Command, _ []string) error {
				return c.askFleet(ctx, client)
			})
			if err := ask(cmd, nil); err != nil {
				return err
			}
		}
		return c.print(cmd.OutOrStdout(), asJSON, all)
	}
	return cmd
}

// check loads the rules below a directory.
func check(dir string, pipelines []string) (*checked, error) {
	roots, err := ruleRoots([]string{dir}, pipelines)
	if err != nil {
		return nil, err
	}
	set, report := sigma.Load(roots...)
	c := &checked{Report: report, Needs: []taxonomy.Need{}, Bytes: set.Stats().Bytes}
	for _, rule := range set.Rules() {
		need := taxonomy.Needs(rule)
		if need.Evaluable {
			c.Evaluable++
		}
		c.Needs = append(c.Needs, need)
	}
	return c, nil
}

func (c *checked) print(out io.Writer, asJSON, all bool) error {
	var err error
	if asJSON {
		err = json.NewEncoder(out).Encode(c)
	} else {
		err = c.table(out, all)
	}
	if err != nil {
		return unreachable("writing the report: %w", err)
	}
	if n := len(c.Invalid); n > 0 {
		return no("%d of %d rule files are invalid: correct what is listed", n, c.Files)
	}
	return nil
}

func (c *checked) table(out io.Writer, all bool) error {
	for _, p := range c.Invalid {
		fmt.Fprintf(out, "invalid      %s\n", p)
	}
	for _, p := range c.Unsupported {
		fmt.Fprintf(out, "unsupported  %s\n", p)
	}
	t := newTable(out, "RULE", "LOG SOURCE", "ANSWERED BY", "FIELDS", "TELEMETRY")
	listed := 0
	for _, n := range c.Needs {
		if all || !n.Evaluable {
			listed++
			t.row(n.File, n.Logsource, kindsText(n.Kinds), fieldsText(n.Fields), verdict(n))
		}
	}
	if listed > 0 {
		if err := t.flush(); err != nil {
			return err
		}
	}
	if err := c.fleetTable(out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d files: %d loaded, %d unsupported, %d invalid; %d rules in force, %d of them evaluable on this telemetry; compiled to %.1f MB\n",
		c.Files, c.Loaded, len(c.Unsupported), len(c.Invalid), c.Rules, c.Evaluable, float64(c.Bytes)/1e6)
	return err
}

// verdict says in a cell whether the telemetry has what a rule needs.
func verdict(n taxonomy.Need) string {
	switch {
	case !n.Evaluable:
		return n.Reason
	case len(n.Never) > 0:
		return "yes, but never: " + strings.Join(n.Never, "; ")
	case len(n.Limits) > 0:
		return "yes; " + strings.Join(n.Limits, "; ")
	}
	return "yes"
}

// kindsText names the kinds, or how many there are of more than three.
func kindsText(kinds []event.Kind) string {
	if len(kinds) > 3 {
		return strconv.Itoa(len(kinds)) + " kinds"
	}
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func fieldsText(fields []string) string {
	names := slices.Clone(fields)
	for i, name := range names {
		if name == "" {
			names[i] = "keywords"
		}
	}
	return strings.Join(names, ", ")
}

// askFleet finds which connected hosts lack the classes that the rules rest on.
func (c *checked) askFleet(ctx context.Context, client *client) error {
	var hosts []host
	err := each(ctx, client, "/hosts", url.Values{}, func(h host) error {
		hosts = append(hosts, h)
		return nil
	})
	if err != nil {
		return err
	}
	needed := map[string]int{}
	for _, n := range c.Needs {
		for _, class := range n.Classes {
			if n.Evaluable {
				needed[string(class)]++
			}
		}
	}
	c.Fleet = lackingOf(needed, hosts)
	return nil
}

// lackingOf lists, by class, the hosts of the fleet that do not deliver it.
func lackingOf(needed map[string]int, hosts []host) []lacking {
	list := []lacking{}
	for class, rules := range needed {
		l := lacking{Class: class, Rules: rules, Lack: []string{}}
		for _, h := range hosts {
			if h.Revoked {
				continue
			}
			l.Hosts++
			if !h.delivers(class) {
				l.Lack = append(l.Lack, h.Name)
			}
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b lacking) int { return strings.Compare(a.Class, b.Class) })
	return list
}

// delivers reports whether a class is complete, or merely coalesced, on a host.
func (h *host) delivers(name string) bool {
	return slices.ContainsFunc(h.Classes, func(c class) bool {
		return c.Class == name && (c.State == event.CoverageComplete || c.State == event.CoverageCoalesced)
	})
}

func (c *checked) fleetTable(out io.Writer) error {
	if c.Fleet == nil {
		return nil
	}
	t := newTable(out, "EVENTS", "RULES", "HOSTS", "WITHOUT")
	for _, l := range c.Fleet {
		t.row(l.Class, strconv.Itoa(l.Rules), strconv.Itoa(l.Hosts), strings.Join(l.Lack, ", "))
	}
	return t.flush()
}
