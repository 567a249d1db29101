package launch

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

// enrol gives the agent with that state directory its identity, unless it has
// one from an earlier run. Further arguments are the agent's own.
func (s *Stack) enrol(ctx context.Context, home string, args []string) error {
	if _, err := os.Stat(filepath.Join(home, "agent", "identity")); err == nil {
		return nil
	}
	var token struct {
		Token string `json:"token"`
	}
	if err := s.call(ctx, http.MethodPost, "/tokens", map[string]int{"uses": 1}, &token); err != nil {
		return fmt.Errorf("enrolment token: %w", err)
	}
	command := exec.CommandContext(ctx, filepath.Join(s.opts.Bin, "baize-agent"), append([]string{"enrol"}, args...)...)
	// Not on the command line, where every user of the machine could read it.
	command.Env = append(s.environment(home), "BAIZE_ENROL_TOKEN="+token.Token)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("enrol this host: %w: %s", err, out)
	}
	return nil
}
