package launch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// enrol gives the agent its identity, unless it has one from an earlier run.
func (s *Stack) enrol(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.opts.Home, "agent", "identity")); err == nil {
		return nil
	}
	token, err := s.Baize(ctx, "tokens", "create")
	if err != nil {
		return fmt.Errorf("enrolment token: %w", err)
	}
	command := exec.CommandContext(ctx, filepath.Join(s.opts.Bin, "baize-agent"), "enrol", "--server", s.opts.GRPC, "--token", strings.TrimSpace(string(token)))
	command.Env = s.environment(s.opts.Home)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("enrol this host: %w: %s", err, out)
	}
	return nil
}
