package cli

import (
	"fmt"
	"io"
	"strings"
)

// process is a node of an incident's forest, as far as people see it here.
type process struct {
	Key, Parent string
	PID         uint32
	Executable  string
	CommandLine string `json:"command_line"`
	User        string
	Alerts      []string
}

// maxIndent bounds how far a deep tree is moved to the right.
const maxIndent = 20

// printForest draws the processes as trees. The list has parents before
// children; a node whose parent is not in it is a root.
func printForest(out io.Writer, nodes []process) {
	known := map[string]bool{}
	for _, n := range nodes {
		known[n.Key] = true
	}
	children := map[string][]process{}
	for _, n := range nodes {
		above := n.Parent
		if !known[above] || above == n.Key {
			above = ""
		}
		children[above] = append(children[above], n)
	}
	drawn := map[string]bool{}
	var draw func(parent string, depth int)
	draw = func(parent string, depth int) {
		for _, n := range children[parent] {
			if !drawn[n.Key] {
				drawn[n.Key] = true
				printProcess(out, &n, depth)
				draw(n.Key, depth+1)
			}
		}
	}
	draw("", 0)
}

func printProcess(out io.Writer, p *process, depth int) {
	line := p.CommandLine
	if line == "" {
		line = p.Executable
	}
	if line == "" {
		line = "(not seen: older than the agent, or outside its scope)"
	}
	marks := ""
	if len(p.Alerts) > 0 {
		marks = fmt.Sprintf("  [%d alerts]", len(p.Alerts))
	}
	user := ""
	if p.User != "" {
		user = " (" + clean(p.User) + ")"
	}
	fmt.Fprintf(out, "  %s%d %s%s%s\n", strings.Repeat("  ", min(depth, maxIndent)), p.PID, clean(line), user, marks)
}
