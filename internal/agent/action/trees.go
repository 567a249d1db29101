package action

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"baize/internal/agent/container"
	"baize/internal/agent/procfs"
	"baize/internal/agent/tree"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// treeLimit bounds an action on a tree.
const treeLimit = time.Minute

// addTrees adds the actions on process trees, which go one after the other.
func (x *Executor) addTrees(one lane) {
	x.actions[response.ActionFreeze] = action{class: Contain, limit: treeLimit, lane: one, dry: true, run: x.freeze}
	x.actions[response.ActionThaw] = action{class: Contain, limit: treeLimit, lane: one, dry: true, run: x.thaw}
	x.actions[response.ActionKill] = action{class: Kill, limit: treeLimit, lane: one, dry: true, run: x.kill}
	x.actions[response.ActionRecords] = action{class: Observe, limit: treeLimit, lane: one, run: x.list}
}

func (x *Executor) finder() tree.Finder { return tree.Finder{Proc: x.options.Proc, Kin: x.options.Kin} }

// target is the root of a tree that a command names.
type target struct {
	key  event.ProcessKey
	root tree.ID
	// image is what it must execute; the zero key in a dry run, for any.
	image event.FileKey
	dry   bool
}

// targetOf reads and verifies the root.
func (x *Executor) targetOf(command *baizev1.Command) (target, error) {
	arguments := command.GetArguments()
	t := target{dry: arguments[response.ArgDryRun] == dryRun}
	var err error
	if t.key, err = x.processOf(command); err != nil {
		return t, refusal{err}
	}
	if t.image, err = event.ParseFileKey(arguments[response.ArgInode]); err != nil {
		return t, refusal{err}
	}
	if t.image.IsZero() && !t.dry {
		return t, refuse("process %d: name what it executes; a dry run says it", t.key.PID)
	}
	t.root = tree.ID{PID: t.key.PID, Start: t.key.Start / procfs.TickNanos * procfs.TickNanos}
	return t, x.verified(t)
}

// verified holds pid, start and executable against what is meant, while a pidfd
// makes sure that all three are of one process.
func (x *Executor) verified(t target) error {
	grip, err := x.finder().Grasp(t.root)
	if err != nil {
		return refusal{err}
	}
	defer grip.Release()
	found, loose := x.image(t.root.PID)
	if !grip.Holds() {
		return refuse("process %d: %w", t.root.PID, tree.ErrGone)
	}
	if !t.image.IsZero() && !same(t.image, found, loose) {
		return refuse("process %d executes %s (%s), not %s", t.root.PID, found, x.options.Proc.ExePath(t.root.PID), t.image)
	}
	return nil
}

// image is the key of what a process executes, as events have it; loose as in facts.
func (x *Executor) image(pid uint32) (key event.FileKey, loose bool) {
	handle, err := os.Open(x.options.Proc.Exe(pid))
	if err == nil {
		defer handle.Close()
		if facts, err := x.describe(handle); err == nil {
			if facts.file != nil {
				_ = facts.file.Close()
			}
			return facts.key, facts.loose
		}
	}
	s, err := x.options.Proc.Image(pid)
	if err != nil {
		return event.FileKey{}, false
	}
	return x.fileKey(&s), true
}

func (x *Executor) members(found []tree.Member) []response.Member {
	members := []response.Member{}
	for _, m := range found[:min(len(found), response.MaxMembers)] {
		image, _ := x.image(m.PID)
		shown := response.Member{
			Key:  event.ProcessKey{Host: x.options.Name.Host, Boot: x.options.Boot, PID: m.PID, Start: m.Start},
			Name: strings.ToValidUTF8(m.Name, "\uFFFD"), Executable: cut(x.options.Proc.ExePath(m.PID)), Inode: image,
		}
		if groups, err := x.options.Proc.Cgroups(m.PID); err == nil {
			box, _ := container.FromCgroups(groups)
			shown.Container = box.ID
		}
		members = append(members, shown)
	}
	return members
}

// maxShown bounds a path in an answer, in bytes.
const maxShown = 160

func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxShown)], "\uFFFD")
}

// plan says what an action on a tree would do now.
func (x *Executor) plan(ctx context.Context, t target, allowed Class) (string, error) {
	g, err := x.guard()
	if err != nil {
		return "", err
	}
	found, err := x.finder().Find(ctx, t.root)
	if err != nil {
		return "", err
	}
	answered := response.Tree{DryRun: true, Members: x.members(found), Count: len(found)}
	for _, m := range found {
		if err := g.member(m); err != nil {
			answered.Refused = err.Error()
			break
		}
	}
	if policy, err := LoadPolicy(x.options.Dir); err == nil && !policy.Allows(allowed) && answered.Refused == "" {
		answered.Refused = fmt.Sprintf("this host's policy does not allow actions of class %q", allowed)
	}
	return answer(&answered)
}

// holder prepares to hold the tree of a record, which learns of each group before
// it is made.
func (x *Executor) holder(r *record) (*tree.Holder, error) {
	g, err := x.guard()
	if err != nil {
		return nil, err
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer mounts.Close()
	return &tree.Holder{
		Finder: x.finder(), Mounts: tree.FindMounts(mounts), Guard: g.member,
		Begin: func(made tree.Group) error {
			r.Groups = append(r.Groups, made)
			return x.records.put(*r)
		},
	}, nil
}

// hold makes the tree stand, on record as r, and verifies the root once more when
// it cannot execute anything any more.
func (x *Executor) hold(ctx context.Context, t target, r *record) (*tree.Holder, tree.Held, error) {
	if !plainID(r.ID) {
		return nil, tree.Held{}, refuse("command id %q cannot name a cgroup", r.ID)
	}
	if err := x.prune(ctx); err != nil {
		return nil, tree.Held{}, err
	}
	h, err := x.holder(r)
	if err != nil {
		return nil, tree.Held{}, err
	}
	if err := x.records.put(*r); err != nil {
		return nil, tree.Held{}, err
	}
	held, err := h.Hold(ctx, t.root, container.HeldPrefix+r.ID)
	if err == nil {
		if err = x.verified(t); err != nil {
			err = errors.Join(err, tree.Free(context.WithoutCancel(ctx), h.Finder, held.Groups))
		}
	}
	if err != nil && !errors.Is(err, tree.ErrGrowing) {
		return h, held, errors.Join(err, x.records.drop(r.ID))
	}
	r.Groups, r.Count = held.Groups, len(held.Members)
	return h, held, err
}

// plainID : the id of a command becomes the name of a directory.
func plainID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz-") == ""
}

func (x *Executor) freeze(ctx context.Context, command *baizev1.Command) (string, error) {
	t, err := x.targetOf(command)
	if err != nil {
		return "", err
	}
	if t.dry {
		return x.plan(ctx, t, Contain)
	}
	r := record{ID: command.GetId(), Action: response.ActionFreeze, Time: x.options.Now().UTC(), Boot: x.options.Boot, Process: t.key, Acting: true}
	_, held, err := x.hold(ctx, t, &r)
	if err != nil && !errors.Is(err, tree.ErrGrowing) {
		return "", err
	}
	r.Acting = false
	if saved := x.records.put(r); saved != nil {
		return "", errors.Join(saved, tree.Free(context.WithoutCancel(ctx), x.finder(), held.Groups))
	}
	if err != nil {
		return "", fmt.Errorf("process %d: %w; undo %s lets them go", t.key.PID, err, r.ID)
	}
	answered := x.treeOf(held)
	answered.Record = r.ID
	return answer(answered)
}

func (x *Executor) treeOf(held tree.Held) *response.Tree {
	answered := &response.Tree{Members: x.members(held.Members), Count: len(held.Members), Groups: len(held.Groups), Waiting: !held.Standing}
	if len(held.Groups) > 0 {
		answered.Hierarchy = held.Groups[0].Hierarchy
	}
	return answered
}

func (x *Executor) kill(ctx context.Context, command *baizev1.Command) (string, error) {
	t, err := x.targetOf(command)
	if err != nil {
		return "", err
	}
	if t.dry {
		return x.plan(ctx, t, Kill)
	}
	r := record{ID: command.GetId(), Action: response.ActionKill, Time: x.options.Now().UTC(), Boot: x.options.Boot, Process: t.key, Acting: true}
	h, held, growing := x.hold(ctx, t, &r)
	if growing != nil && !errors.Is(growing, tree.ErrGrowing) {
		return "", growing
	}
	answered := x.treeOf(held) // as long as there is something to say of them
	answered.Waiting = false
	err = h.Kill(ctx, held)
	if errors.Is(err, context.DeadlineExceeded) {
		answered.Waiting = true
		r.Acting = false // what is left of the groups goes with the next action
		err = x.records.put(r)
	} else if err == nil {
		err = x.records.drop(r.ID)
	}
	if err = errors.Join(growing, err, x.prune(ctx)); err != nil {
		return "", fmt.Errorf("process %d: %w", t.key.PID, err)
	}
	return answer(answered)
}

// prune removes the groups and the records of trees that have ended.
func (x *Executor) prune(ctx context.Context) error {
	var failed error
	for _, r := range x.records.all() {
		if len(r.Groups) == 0 || r.Acting {
			continue
		}
		if members, _ := tree.Inside(x.finder(), r.Groups); len(members) > 0 {
			continue
		}
		err := tree.Free(ctx, x.finder(), r.Groups)
		if err == nil {
			err = x.records.drop(r.ID)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// thaw lets a frozen tree go.
func (x *Executor) thaw(ctx context.Context, command *baizev1.Command) (string, error) {
	arguments := command.GetArguments()
	r, err := x.records.get(arguments[response.ArgRecord], response.ActionFreeze)
	if err != nil {
		return "", err
	}
	members, _ := tree.Inside(x.finder(), r.Groups)
	undone := response.Undone{Record: r.ID, Action: r.Action, Count: len(members), DryRun: arguments[response.ArgDryRun] == dryRun}
	if len(members) < r.Count {
		undone.Detail = fmt.Sprintf("%d of the %d processes have ended", r.Count-len(members), r.Count)
	}
	if undone.DryRun {
		return answer(&undone)
	}
	if err := tree.Free(ctx, x.finder(), r.Groups); err != nil {
		return "", err
	}
	if err := x.records.drop(r.ID); err != nil {
		return "", err
	}
	return answer(&undone)
}

// maxListed bounds the records of an answer, the newest first.
const maxListed = 64

func (x *Executor) list(ctx context.Context, _ *baizev1.Command) (string, error) {
	if err := x.prune(ctx); err != nil {
		return "", err
	}
	all := x.records.all()
	listed := response.Records{Records: []response.Record{}, Count: len(all)}
	for i := len(all) - 1; i >= 0 && len(listed.Records) < maxListed; i-- {
		shown := all[i].show()
		shown.Subject = cut(shown.Subject)
		listed.Records = append(listed.Records, shown)
	}
	return answer(&listed)
}
