package content

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed attack/tactics.tsv
var tactics string

// Tactic is one row of the table of ATT&CK tactics.
type Tactic struct {
	// Name as tags of rules have it, for example "initial-access".
	Name string
	// ID is the ATT&CK identifier, "" where the release that brought the
	// tactic is not covered by the table's source.
	ID      string
	Title   string
	TitleZH string
}

// Tactics are the known tactics, in the order of an intrusion.
func Tactics() []Tactic {
	var all []Tactic
	for _, line := range strings.Split(tactics, "\n")[3:] {
		if line == "" {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 4 {
			panic(fmt.Sprintf("content: tactics.tsv: %q has %d cells", line, len(cells)))
		}
		all = append(all, Tactic{Name: cells[0], ID: cells[1], Title: cells[2], TitleZH: cells[3]})
	}
	return all
}
