package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"baize/internal/response"
)

func probeCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "probe", Short: "Probes within running applications: which there are, attach, detach"}
	cmd.AddCommand(probeListCommand(), probeChangeCommand("attach", "Put a probe into running processes, and wait until it is active"),
		probeChangeCommand("detach", "Take the probe out of processes, and wait until it is out"))
	return cmd
}

// probesAnswer is what the API answers about probes.
type probesAnswer struct {
	State, Detail string
	Probes        []response.Probe
	More          int
}

func probeListCommand() *cobra.Command {
	var host string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list --host HOST",
		Short: "Which processes of a host a probe is in, or can be put into, or why not",
		Args:  cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			found, err := listProbes(ctx, c, host)
			if err != nil {
				return err
			}
			return printProbes(cmd.OutOrStdout(), found, asJSON)
		}),
	}
	cmd.Flags().StringVar(&host, "host", "", "id of the host")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	_ = cmd.MarkFlagRequired("host")
	return cmd
}

func listProbes(ctx context.Context, c *client, host string) (*probesAnswer, error) {
	return askProbes(ctx, c, host, "list", nil)
}

func askProbes(ctx context.Context, c *client, host, what string, body any) (*probesAnswer, error) {
	found := &probesAnswer{}
	if err := c.call(ctx, http.MethodPost, "/hosts/"+url.PathEscape(host)+"/probes/"+what, body, found); err != nil {
		return nil, err
	}
	if found.State != "done" {
		return nil, no("the host answered %s: %s", clean(found.State), plain(found.Detail))
	}
	return found, nil
}

// choice says which processes are meant.
type choice struct {
	host, container, name string
	pid                   uint32
}

func probeChangeCommand(what, short string) *cobra.Command {
	var which choice
	var asJSON bool
	cmd := &cobra.Command{
		Use:   what + " --host HOST (--pid PID | --container ID | --name PATTERN)",
		Short: short,
		Args:  cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			bodies, err := which.bodies(ctx, c, what)
			if err != nil {
				return err
			}
			return changeProbes(ctx, c, cmd, which.host, what, bodies, asJSON)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&which.host, "host", "", "id of the host")
	f.Uint32Var(&which.pid, "pid", 0, "the process's number in the host's own pid namespace")
	f.StringVar(&which.container, "container", "", "all processes in the container, by the beginning of its id")
	f.StringVar(&which.name, "name", "", "all processes with a command line that matches: * is anything, ? one character")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line")
	_ = cmd.MarkFlagRequired("host")
	cmd.MarkFlagsOneRequired("pid", "container", "name")
	cmd.MarkFlagsMutuallyExclusive("pid", "container")
	cmd.MarkFlagsMutuallyExclusive("pid", "name")
	return cmd
}

// changeProbes goes on where one process fails, and says so in the end.
func changeProbes(ctx context.Context, c *client, cmd *cobra.Command, host, what string, bodies []any, asJSON bool) error {
	var failed error
	for _, body := range bodies {
		found, err := askProbes(ctx, c, host, what, body)
		if err == nil {
			err = printProbes(cmd.OutOrStdout(), found, asJSON)
		}
		if err != nil && len(bodies) > 1 {
			fmt.Fprintln(cmd.ErrOrStderr(), err)
		}
		if err != nil {
			failed = err
		}
	}
	return failed
}

// bodies are what is asked for, process by process.
func (w *choice) bodies(ctx context.Context, c *client, what string) ([]any, error) {
	if w.pid != 0 {
		return []any{map[string]any{"pid": w.pid}}, nil
	}
	found, err := listProbes(ctx, c, w.host)
	if err != nil {
		return nil, err
	}
	var bodies []any
	for i := range found.Probes {
		if p := &found.Probes[i]; w.means(p, what) {
			bodies = append(bodies, map[string]any{"pid": p.Process.PID, "start": p.Process.Start})
		}
	}
	if len(bodies) == 0 {
		return nil, no("no process of %s is meant that can be %sed: see baize probe list --host %s", clean(w.host), what, clean(w.host))
	}
	return bodies, nil
}

// means says whether a process is one that was chosen and that can be changed so.
func (w *choice) means(p *response.Probe, what string) bool {
	within := map[string]bool{response.ProbeAttaching: true, response.ProbeVerified: true, response.ProbeActive: true}[p.State]
	if what == "detach" != within || p.State == response.ProbeDiscovered {
		return false
	}
	if w.container != "" && !strings.HasPrefix(p.Container, w.container) {
		return false
	}
	return w.name == "" || glob(w.name, p.Command)
}

// glob matches a whole text; * matches slashes, too.
func glob(pattern, text string) bool {
	const slash = "\x00"
	matched, err := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(text, "/", slash))
	return err == nil && matched
}

func printProbes(out io.Writer, found *probesAnswer, asJSON bool) error {
	if asJSON {
		for i := range found.Probes {
			text, err := json.Marshal(&found.Probes[i])
			if err != nil {
				return err
			}
			if err := printLine(out, text); err != nil {
				return err
			}
		}
		return nil
	}
	t := newTable(out, "PID", "RUNTIME", "STATE", "CONTAINER", "HOOKS", "COMMAND", "WHY")
	for i := range found.Probes {
		t.row(probeRow(&found.Probes[i])...)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if found.More > 0 {
		fmt.Fprintf(out, "and %d more\n", found.More)
	}
	return nil
}

func probeRow(p *response.Probe) []string {
	live := 0
	for _, h := range p.Hooks {
		if h.State == "live" {
			live++
		}
	}
	hooks := ""
	if len(p.Hooks) > 0 {
		hooks = fmt.Sprintf("%d of %d live", live, len(p.Hooks))
	}
	return []string{
		strconv.FormatUint(uint64(p.Process.PID), 10), p.Runtime + " " + p.Version, p.State, p.Container[:min(12, len(p.Container))], hooks, p.Command, p.Message,
	}
}
