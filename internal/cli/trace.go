package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"baize/internal/event"
	"baize/internal/provenance"
)

// traced is the provenance of one alert, from the server or from a replay.
type traced struct {
	Alert   string                       `json:"alert"`
	Entry   *entryPoint                  `json:"entry"`
	Nodes   []provenance.Node            `json:"nodes"`
	Edges   []provenance.Edge            `json:"edges"`
	Answers map[string]provenance.Answer `json:"answers"`
	Stopped string                       `json:"stopped,omitempty"`
	Left    int                          `json:"left,omitempty"`
	Stored  *provenance.Stored           `json:"stored,omitempty"`
	// Stages of the intrusion's kill chain, where there is one.
	Intrusion string             `json:"intrusion,omitempty"`
	Stages    []provenance.Stage `json:"stages,omitempty"`
}

type entryPoint struct {
	Key         event.ProcessKey `json:"key"`
	PID         uint32           `json:"pid"`
	Executable  string           `json:"executable"`
	CommandLine string           `json:"command_line"`
	User        string           `json:"user,omitempty"`
	Context     string           `json:"context,omitempty"`
}

func traceCommand() *cobra.Command {
	var from string
	var dot, asJSON bool
	cmd := &cobra.Command{
		Use:   "trace ALERT",
		Short: "Provenance of an alert: the way back to the entry point, and the five answers",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			show := func(t *traced) error { return printTrace(cmd.OutOrStdout(), t, dot, asJSON) }
			if from != "" {
				t, err := storedTrace(from, args[0])
				if err != nil {
					return err
				}
				return show(t)
			}
			return online(func(ctx context.Context, c *client, _ *cobra.Command, args []string) error {
				t, err := liveTrace(ctx, c, args[0])
				if err != nil {
					return err
				}
				return show(t)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "read a replay's output directory instead of asking a server")
	cmd.Flags().BoolVar(&dot, "dot", false, "print the graph for Graphviz")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object, as provenance.ndjson of a replay has it")
	cmd.MarkFlagsMutuallyExclusive("dot", "json")
	return cmd
}

// liveTrace asks the server.
func liveTrace(ctx context.Context, c *client, id string) (*traced, error) {
	var body struct {
		Alert     string                       `json:"alert"`
		Graph     provenance.Graph             `json:"graph"`
		Answers   map[string]provenance.Answer `json:"answers"`
		Intrusion *provenance.Intrusion        `json:"intrusion"`
	}
	if err := c.call(ctx, http.MethodGet, "/alerts/"+url.PathEscape(id)+"/provenance?stored=true", nil, &body); err != nil {
		return nil, err
	}
	g := &body.Graph
	t := &traced{Alert: body.Alert, Nodes: g.Nodes, Edges: g.Edges, Answers: body.Answers, Stopped: g.Stopped, Left: g.Left, Stored: g.Stored}
	if body.Intrusion != nil {
		t.Intrusion, t.Stages = body.Intrusion.ID, body.Intrusion.Stages
	}
	for k := range g.Nodes {
		if n := &g.Nodes[k]; n.ID == g.Entry && g.Entry != "" {
			t.Entry = &entryPoint{Key: n.Process, PID: n.Process.PID, Executable: n.Executable, CommandLine: n.Label, User: n.User, Context: n.Context}
		}
	}
	return t, nil
}

// maxTraceLine bounds a line of provenance.ndjson, in bytes.
const maxTraceLine = 16 << 20

// storedTrace looks an alert up in a replay's output.
func storedTrace(dir, id string) (*traced, error) {
	name := filepath.Join(dir, "provenance.ndjson")
	f, err := os.Open(name)
	if err != nil {
		return nil, unreachable("%w: give the directory that baize replay --out wrote", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxTraceLine)
	for n := 1; lines.Scan(); n++ {
		var t traced
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, unreachable("%s line %d: %w", name, n, err)
		}
		if t.Alert == id {
			return &t, nil
		}
	}
	if err := lines.Err(); err != nil {
		return nil, unreachable("%s: %w", name, err)
	}
	return nil, no("%s has no alert %q", name, id)
}

func printTrace(out io.Writer, t *traced, dot, asJSON bool) error {
	switch {
	case asJSON:
		body, err := json.Marshal(t)
		if err != nil {
			return err
		}
		return printLine(out, body)
	case dot:
		printDOT(out, t)
		return nil
	}
	w := bufio.NewWriter(out)
	if t.Entry != nil {
		fmt.Fprintf(w, "Entry  %s  (pid %d, %s)\n", plain(t.Entry.CommandLine), t.Entry.PID, plain(t.Entry.Context))
	}
	if t.Stopped != "" {
		fmt.Fprintf(w, "The way back ends early: %s\n", plain(t.Stopped))
	}
	if t.Stored != nil {
		fmt.Fprintf(w, "Continued in stored telemetry from %s on, %d events\n", stamp(t.Stored.From), t.Stored.Events)
	}
	printSteps(w, t)
	printStages(w, t.Stages)
	fmt.Fprintln(w, "\nAnswers")
	for _, q := range provenance.Questions {
		printAnswer(w, q, t.Answers[q])
	}
	return w.Flush()
}

// printSteps lists what happened in order, one line an edge.
func printSteps(out io.Writer, t *traced) {
	nodes := make(map[string]*provenance.Node, len(t.Nodes))
	for k := range t.Nodes {
		nodes[t.Nodes[k].ID] = &t.Nodes[k]
	}
	fmt.Fprintln(out, "\nWhat happened")
	for k := range t.Edges {
		e := &t.Edges[k]
		times := ""
		if e.Count > 1 {
			times = fmt.Sprintf(" ×%d", e.Count)
		}
		fmt.Fprintf(out, "  %s  %s  —%s%s→  %s\n", e.First.UTC().Format("2006-01-02 15:04:05.000"), nodeText(nodes[e.From]), e.Op, times, nodeText(nodes[e.To]))
	}
	if t.Left > 0 {
		fmt.Fprintf(out, "  and %d more nodes\n", t.Left)
	}
}

func nodeText(n *provenance.Node) string {
	if n == nil {
		return "?"
	}
	text := plain(n.Label)
	if n.Count > 1 {
		text += fmt.Sprintf(" (×%d)", n.Count)
	}
	if n.Gone {
		text += " (deleted)"
	}
	if n.Stored {
		text += " (stored)"
	}
	marks := slices.DeleteFunc(slices.Clone(n.Roles), func(r string) bool { return r == provenance.RolePath })
	if len(marks) > 0 {
		text += " [" + strings.Join(marks, ", ") + "]"
	}
	return text
}

func printStages(out io.Writer, stages []provenance.Stage) {
	if len(stages) == 0 {
		return
	}
	fmt.Fprintln(out, "\nKill chain")
	for k := range stages {
		s := &stages[k]
		line := ""
		switch s.State {
		case provenance.Yes:
			line = s.Time.UTC().Format("15:04:05.000") + "  " + s.Evidence
		case provenance.Unknown:
			line = "telemetry is not complete: " + strings.Join(s.Incomplete, ", ")
		}
		fmt.Fprintf(out, "  %-21s %-9s %s\n", s.Stage, s.State, plain(line))
	}
}

func printAnswer(out io.Writer, question string, a provenance.Answer) {
	asOf := ""
	if !a.AsOf.IsZero() {
		asOf = "as of " + a.AsOf.UTC().Format("15:04:05.000")
	}
	fmt.Fprintf(out, "  %-12s %-9s %s\n", question, a.State, asOf)
	for _, line := range a.Evidence {
		fmt.Fprintf(out, "      %s\n", plain(line))
	}
	if a.More > 0 {
		fmt.Fprintf(out, "      and %d more\n", a.More)
	}
}

// shapes of nodes in Graphviz.
var shapes = map[string]string{
	provenance.NodeProcess: "box", provenance.NodeFile: "note", provenance.NodeSocket: "ellipse", provenance.NodeDomain: "ellipse",
}

func printDOT(out io.Writer, t *traced) {
	fmt.Fprintln(out, "digraph provenance {\n  rankdir=LR;")
	for k := range t.Nodes {
		n := &t.Nodes[k]
		style := ""
		switch {
		case slices.Contains(n.Roles, provenance.RoleEntry):
			style = ", penwidth=3, color=darkorange"
		case slices.Contains(n.Roles, provenance.RoleAlert):
			style = ", penwidth=2, color=red"
		case slices.Contains(n.Roles, provenance.RolePersistence):
			style = ", color=purple"
		}
		fmt.Fprintf(out, "  %s [label=%s, shape=%s%s];\n", quoteDOT(n.ID), quoteDOT(n.Label), shapes[n.Type], style)
	}
	for k := range t.Edges {
		e := &t.Edges[k]
		label := e.Op
		if e.Count > 1 {
			label += fmt.Sprintf(" ×%d", e.Count)
		}
		fmt.Fprintf(out, "  %s -> %s [label=%s];\n", quoteDOT(e.From), quoteDOT(e.To), quoteDOT(label))
	}
	fmt.Fprintln(out, "}")
}

func quoteDOT(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(plain(text)) + `"`
}
