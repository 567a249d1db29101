package probe

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"google.golang.org/protobuf/proto"

	probev1 "baize/proto/baize/probe/v1"
)

// ConfigFile is the name of the owner's configuration of probes within the
// agent's state. It is read when it changes, and pushed to all probes.
const ConfigFile = "probes.yaml"

// settings are what the file can say; what is left out has the probe's default.
type settings struct {
	// HooksOff names kinds of acts that are not watched.
	HooksOff []string `yaml:"hooks_off"`
	// Business and NotBusiness are prefixes of class names.
	Business    []string `yaml:"business"`
	NotBusiness []string `yaml:"not_business"`
	Budgets     struct {
		// HookMean and HookOnce bound the time that a hook takes of a call.
		HookMean time.Duration `yaml:"hook_mean"`
		HookOnce time.Duration `yaml:"hook_once"`
		// EventsPerSecond and StacksPerSecond are for one process.
		EventsPerSecond uint32 `yaml:"events_per_second"`
		StacksPerSecond uint32 `yaml:"stacks_per_second"`
		// CPUPermille is of one processor, HeapPercent of the VM's heap.
		CPUPermille uint32 `yaml:"cpu_permille"`
		HeapPercent uint32 `yaml:"heap_percent"`
	} `yaml:"budgets"`
}

// configuration is the one in force. The zero value is the default.
type configuration struct {
	mu      sync.Mutex
	changed time.Time
	size    int64
	current *probev1.Configure
}

// defaultHash names the configuration without a file.
const defaultHash = "default"

// message is what probes are told.
func (c *configuration) message() *probev1.Configure {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		return &probev1.Configure{Hash: defaultHash}
	}
	return proto.CloneOf(c.current)
}

func (c *configuration) hash() string { return c.message().GetHash() }

// read reads the file if it changed, and says whether the configuration did.
// One that cannot be understood changes nothing.
func (c *configuration) read(dir string, log *slog.Logger) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := filepath.Join(dir, ConfigFile)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		was := c.current
		c.current, c.changed, c.size = nil, time.Time{}, 0
		return was != nil
	case err != nil:
		return false
	case info.ModTime().Equal(c.changed) && info.Size() == c.size:
		return false
	}
	c.changed, c.size = info.ModTime(), info.Size()
	text, err := os.ReadFile(path)
	var s settings
	if err == nil {
		err = yaml.UnmarshalWithOptions(text, &s, yaml.Strict())
	}
	if err != nil {
		log.Warn("the configuration of probes stays as it was", "file", path, "error", err)
		return false
	}
	sum := sha256.Sum256(text)
	c.current = s.message(hex.EncodeToString(sum[:16]))
	return true
}

func (s *settings) message(hash string) *probev1.Configure {
	return &probev1.Configure{
		Hash: hash, HooksOff: s.HooksOff, Business: s.Business, NotBusiness: s.NotBusiness,
		Budgets: &probev1.Budgets{
			HookMeanNs: uint64(max(s.Budgets.HookMean, 0)), HookOnceNs: uint64(max(s.Budgets.HookOnce, 0)),
			EventsPerSecond: s.Budgets.EventsPerSecond, StacksPerSecond: s.Budgets.StacksPerSecond,
			CpuPermille: s.Budgets.CPUPermille, HeapPercent: s.Budgets.HeapPercent,
		},
	}
}
