// Package action carries out the commands of the respond role. Whoever can make
// it obey is root on this host, so it obeys only an envelope that was signed by
// the key pinned at enrolment, is for this host and this time, was not seen
// before, and names an action of a class that the host's own policy allows.
package action

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// States of a command, as event.Action and CommandResult have them.
const (
	Done    = "done"
	Failed  = "failed"
	Refused = "refused"
)

// Class groups actions by what they may do to a host.
type Class string

// Observe only looks.
const Observe Class = "observe"

// action is something that a host can be told to do.
type action struct {
	class Class
	// run returns the result for people. It ends with its context.
	run func(ctx context.Context, arguments map[string]string) (string, error)
}

// actions by name.
var actions = map[string]action{
	"ping": {Observe, ping},
}

// runFor bounds one action.
const runFor = time.Minute

// maxDetail bounds what a result says, in bytes.
const maxDetail = 4096

// Options of an Executor.
type Options struct {
	// Dir is the agent's state directory: it holds the policy and the counter.
	Dir  string
	Name identity.Name
	Boot string
	Key  ed25519.PublicKey
	// Report takes the event of every command, obeyed or refused.
	Report func(*event.Event)
	Now    func() time.Time
	Log    *slog.Logger
}

// Executor obeys. It is safe for concurrent use and obeys one command at a time.
type Executor struct {
	options Options
	mu      sync.Mutex
	counter uint64
}

// New reads the counter. An unreadable one is an error: without it an old
// command could be played again.
func New(options Options) (*Executor, error) {
	x := &Executor{options: options}
	text, err := os.ReadFile(x.counterFile())
	if errors.Is(err, os.ErrNotExist) {
		return x, nil
	}
	if err == nil {
		x.counter, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	}
	if err != nil {
		return nil, fmt.Errorf("command counter: %w", err)
	}
	return x, nil
}

func (x *Executor) counterFile() string { return filepath.Join(x.options.Dir, "counter") }

// Obey carries out a command, or refuses it, and says which. The result and
// the event that reports it say the same.
func (x *Executor) Obey(ctx context.Context, envelope *baizev1.Envelope) *baizev1.CommandResult {
	x.mu.Lock()
	defer x.mu.Unlock()
	command, err := x.verify(envelope)
	result := &baizev1.CommandResult{Id: command.GetId(), State: Refused}
	if err != nil {
		result.Detail = err.Error()
	} else {
		result.State, result.Detail = x.carryOut(ctx, command)
	}
	result.Detail = strings.ToValidUTF8(result.Detail[:min(len(result.Detail), maxDetail)], "")
	x.report(command.GetAction(), result)
	return result
}

// verify returns the command if it is to be obeyed. The counter is on disk
// before anything is done, so that a crash cannot make a command run twice.
func (x *Executor) verify(envelope *baizev1.Envelope) (*baizev1.Command, error) {
	o := &x.options
	command, err := response.Verify(envelope, response.Recipient{
		Key: o.Key, Org: o.Name.Org, Host: o.Name.Host, Boot: o.Boot, Counter: x.counter,
	}, o.Now())
	if err != nil {
		return command, err
	}
	if err := saveCounter(x.counterFile(), command.GetCounter()); err != nil {
		return command, fmt.Errorf("keep the command counter: %w", err)
	}
	x.counter = command.GetCounter()
	policy, err := LoadPolicy(o.Dir)
	if err != nil {
		return command, err
	}
	known, found := actions[command.GetAction()]
	if !found {
		return command, fmt.Errorf("unknown action %q", command.GetAction())
	}
	if !policy.Allows(known.class) {
		return command, fmt.Errorf("this host's policy does not allow actions of class %q", known.class)
	}
	return command, nil
}

func (x *Executor) carryOut(ctx context.Context, command *baizev1.Command) (state, detail string) {
	ctx, cancel := context.WithTimeout(ctx, runFor)
	defer cancel()
	detail, err := actions[command.GetAction()].run(ctx, command.GetArguments())
	if err != nil {
		return Failed, err.Error()
	}
	return Done, detail
}

func (x *Executor) report(name string, result *baizev1.CommandResult) {
	x.options.Log.Info("command", "id", result.GetId(), "action", name, "state", result.GetState(), "detail", result.GetDetail())
	x.options.Report(&event.Event{
		Time: x.options.Now().UTC(), Kind: event.AgentAction,
		Action: &event.Action{ID: result.GetId(), Name: name, State: result.GetState(), Detail: result.GetDetail()},
	})
}

func saveCounter(path string, counter uint64) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strconv.FormatUint(counter, 10) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// ping shows that the way to this host and back works.
func ping(_ context.Context, arguments map[string]string) (string, error) {
	if text := arguments["text"]; text != "" {
		return "pong: " + text, nil
	}
	return "pong", nil
}
