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
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"baize/internal/agent/procfs"
	"baize/internal/agent/tree"
	"baize/internal/event"
	"baize/internal/identity"
	"baize/internal/redact"
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

// Classes of action.
const (
	// Observe only looks.
	Observe Class = "observe"
	// Collect copies files, images and facts of processes to the server.
	Collect Class = "collect"
	// Probe puts probes into running applications and takes them out.
	Probe Class = "probe"
	// Contain makes something stand still, and can be undone.
	Contain Class = "contain"
	// Kill ends processes.
	Kill Class = "kill"
	// Clean takes files and lines of files away, and can be undone.
	Clean Class = "clean"
)

// action is something that a host can be told to do.
type action struct {
	class Class
	// limit bounds it.
	limit time.Duration
	// lane has a place for one: who shares it waits. What has a lane of its own
	// may take long, or hang in the kernel, and keeps nothing else waiting.
	lane lane
	// dry : with ArgDryRun it changes nothing and is of class Observe.
	dry bool
	// run returns the result: words for people, or JSON of a type of package
	// response. It ends with its context.
	run func(ctx context.Context, command *baizev1.Command) (string, error)
}

// lane is what the commands of a kind pass through one after the other.
type lane chan struct{}

func newLane() lane { return make(lane, 1) }

// maxSlow bounds the commands that were taken and have lanes of their own.
const maxSlow = 16

// maxDetail bounds what a result says, in bytes.
const maxDetail = 32 << 10

// dryRun is the value of response.ArgDryRun that asks for one.
const dryRun = "true"

// refusal is the error of an action that would not be right to take.
type refusal struct{ error }

// refuse makes a refusal of what is wrong with a precondition.
func refuse(format string, values ...any) error { return refusal{fmt.Errorf(format, values...)} }

// Options of an Executor.
type Options struct {
	// Dir is the agent's state directory: it holds the policy and the counter.
	Dir  string
	Name identity.Name
	Boot string
	Key  ed25519.PublicKey
	Proc procfs.FS
	// Covers tells which processes an agent with a scope may look at; nil where
	// it has none.
	Covers func(pid uint32) bool
	// Kin tells who descends from processes by the sensor's word, as tree.Finder has
	// it; nil where there is no sensor.
	Kin func(ctx context.Context, of []tree.ID) []tree.ID
	// Server is the address that the agent is connected to, for the protection of a
	// server on the same host; nil for none.
	Server func() string
	// Redactor takes the secrets out of what is collected of processes.
	Redactor *redact.Redactor
	// Probes puts probes into applications; nil where there are none.
	Probes Probes
	// Upload sends a blob through the bulk channel.
	Upload func(ctx context.Context, kind, name string, content io.ReaderAt, size int64) error
	// Report takes the event of every command, obeyed or refused.
	Report func(*event.Event)
	Now    func() time.Time
	Log    *slog.Logger
}

// Executor obeys. It is safe for concurrent use.
type Executor struct {
	options Options
	actions map[string]action

	// mu : commands are accepted one after the other.
	mu      sync.Mutex
	counter uint64

	// records is what can be undone.
	records *ledger
	// quick is the lane of commands that are done at once.
	quick lane
	slow  atomic.Int32
}

// New reads the counter. An unreadable one is an error: without it an old
// command could be played again.
func New(options Options) (*Executor, error) {
	x := &Executor{options: options, quick: newLane()}
	x.actions = map[string]action{
		response.ActionPing:    {class: Observe, limit: time.Minute, lane: x.quick, run: ping},
		response.ActionStat:    {class: Observe, limit: time.Minute, lane: newLane(), run: x.stat},
		response.ActionCollect: {class: Collect, limit: 10 * time.Minute, lane: newLane(), run: x.collect},
	}
	x.addTrees(newLane())
	x.addFiles(newLane())
	if err := x.openLedger(); err != nil {
		return nil, err
	}
	x.addProbes()
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

// Accepted is a command that may be carried out, or was refused.
type Accepted struct {
	// Slow says that Do may take long. Any other must be done before the next.
	Slow bool
	// Do carries the command out, once, and returns what came of it.
	Do func(context.Context) *baizev1.CommandResult
}

// Accept holds a command against its signature and this host's policy. Commands
// must be accepted in the order in which they came.
func (x *Executor) Accept(envelope *baizev1.Envelope) Accepted {
	x.mu.Lock()
	defer x.mu.Unlock()
	command, err := x.verify(envelope)
	if err != nil {
		return Accepted{Do: func(context.Context) *baizev1.CommandResult { return x.end(command, Refused, err.Error()) }}
	}
	does := x.actions[command.GetAction()]
	slow := does.lane != x.quick
	if slow && x.slow.Add(1) > maxSlow {
		x.slow.Add(-1)
		return Accepted{Do: func(context.Context) *baizev1.CommandResult {
			return x.end(command, Refused, fmt.Sprintf("%d commands of this kind are waiting", maxSlow))
		}}
	}
	return Accepted{Slow: slow, Do: func(ctx context.Context) *baizev1.CommandResult {
		if slow {
			defer x.slow.Add(-1)
		}
		state, detail := does.carryOut(ctx, command)
		return x.end(command, state, detail)
	}}
}

// Obey accepts a command and carries it out.
func (x *Executor) Obey(ctx context.Context, envelope *baizev1.Envelope) *baizev1.CommandResult {
	return x.Accept(envelope).Do(ctx)
}

// end is what a command has come to. The result and the event that reports it
// say the same.
func (x *Executor) end(command *baizev1.Command, state, detail string) *baizev1.CommandResult {
	detail = strings.ToValidUTF8(detail[:min(len(detail), maxDetail)], "")
	result := &baizev1.CommandResult{Id: command.GetId(), State: state, Detail: detail}
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
	known, found := x.actions[command.GetAction()]
	if !found {
		return command, fmt.Errorf("unknown action %q", command.GetAction())
	}
	class := known.class
	if known.dry && command.GetArguments()[response.ArgDryRun] == dryRun {
		class = Observe
	}
	if !policy.Allows(class) {
		return command, fmt.Errorf("this host's policy does not allow actions of class %q", class)
	}
	return command, nil
}

// grace is how long after its end an action may take to say so.
const grace = time.Second

// carryOut runs an action when its turn has come, and returns at its limit or at
// the end of ctx, whatever becomes of it: a file system may not answer, and
// nothing ends a thread that waits for it. Such an action keeps its lane.
func (does action) carryOut(ctx context.Context, command *baizev1.Command) (state, detail string) {
	ctx, cancel := context.WithTimeout(ctx, does.limit)
	defer cancel()
	select {
	case does.lane <- struct{}{}:
	case <-ctx.Done():
		return Failed, "its turn did not come: " + ctx.Err().Error()
	}
	type outcome struct {
		detail string
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		defer func() { <-does.lane }()
		detail, err := does.run(ctx, command)
		ended <- outcome{detail, err}
	}()
	select {
	case o := <-ended:
		return result(o.detail, o.err)
	case <-ctx.Done():
	}
	select {
	case o := <-ended:
		return result(o.detail, o.err)
	case <-time.After(grace):
		return Failed, "it has not ended: " + ctx.Err().Error()
	}
}

func result(detail string, err error) (state, text string) {
	if errors.As(err, &refusal{}) {
		return Refused, err.Error()
	}
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
func ping(_ context.Context, command *baizev1.Command) (string, error) {
	if text := command.GetArguments()["text"]; text != "" {
		return "pong: " + text, nil
	}
	return "pong", nil
}
