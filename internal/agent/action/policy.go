package action

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"
)

// PolicyFile is the name of a host's policy within the agent's state. Its owner
// writes it; no command can change it. It is read for every command.
const PolicyFile = "policy.yaml"

// Policy says what may be done to this host by command.
type Policy struct {
	// Allow lists classes of action.
	Allow []Class `yaml:"allow"`
	// Protect names what no action may touch, beside what none ever does.
	Protect Protected `yaml:"protect"`
}

// Protected is what the host's owner wants left alone.
type Protected struct {
	// Executables are paths of the host: whoever executes the file there.
	Executables []string `yaml:"executables"`
	// Units are systemd services.
	Units []string `yaml:"units"`
	// Containers are ids, or beginnings of 12 digits and more.
	Containers []string `yaml:"containers"`
	// Paths are files, and directories with all below them.
	Paths []string `yaml:"paths"`
}

// Allows reports whether actions of a class may be carried out.
func (p Policy) Allows(class Class) bool { return slices.Contains(p.Allow, class) }

// LoadPolicy reads the policy in dir. Without a file only looking is allowed;
// with one that cannot be understood nothing is.
func LoadPolicy(dir string) (Policy, error) {
	text, err := os.ReadFile(filepath.Join(dir, PolicyFile))
	if errors.Is(err, os.ErrNotExist) {
		return Policy{Allow: []Class{Observe}}, nil
	}
	if err != nil {
		return Policy{}, fmt.Errorf("read this host's policy: %w", err)
	}
	var policy Policy
	if err := yaml.UnmarshalWithOptions(text, &policy, yaml.Strict()); err != nil {
		return Policy{}, fmt.Errorf("this host's policy is malformed, so nothing is allowed: %w", err)
	}
	return policy, nil
}
