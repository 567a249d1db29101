package action

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/procfs"
	"baize/internal/agent/vault"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// fileLimit bounds an action on a file.
const fileLimit = 5 * time.Minute

// addFiles adds the actions on files, which go one after the other.
func (x *Executor) addFiles(one lane) {
	x.actions[response.ActionQuarantine] = action{class: Clean, limit: fileLimit, lane: one, dry: true, run: x.quarantine}
	x.actions[response.ActionRestore] = action{class: Clean, limit: fileLimit, lane: one, dry: true, run: x.restore}
	x.actions[response.ActionRevert] = action{class: Clean, limit: fileLimit, lane: one, dry: true, run: x.revert}
	x.actions[response.ActionReapply] = action{class: Clean, limit: fileLimit, lane: one, dry: true, run: x.reapply}
}

// takenFile is a file in the vault, under the name of the record.
type takenFile struct {
	Path      string        `json:"path"`
	Container string        `json:"container,omitempty"`
	Inode     event.FileKey `json:"inode"`
	SHA256    string        `json:"sha256"`
	Size      int64         `json:"size"`
	attributes
}

// meantFile is the file that a command names.
type meantFile struct {
	place
	container string
	sha256    string
	dry       bool
}

// fileOf reads the arguments of an action on a file: without a dry run it is meant
// by inode and content.
func (x *Executor) fileOf(command *baizev1.Command) (meantFile, error) {
	arguments := command.GetArguments()
	m := meantFile{container: arguments[response.ArgContainer], sha256: arguments[response.ArgSHA256], dry: arguments[response.ArgDryRun] == dryRun}
	var err error
	if m.place, err = x.placeOf(command); err != nil {
		return m, refusal{err}
	}
	if sum, err := hex.DecodeString(m.sha256); err != nil || len(sum) != 32 && !(m.dry && m.sha256 == "") {
		return m, refuse("%s: name its SHA-256; a dry run says it", m.path)
	}
	if m.inode.IsZero() && !m.dry {
		return m, refuse("%s: name its inode; a dry run says it", m.path)
	}
	return m, nil
}

// found is the file at a spot, open and verified by its inode.
type found struct {
	*spot
	file  *os.File
	facts *facts
	stat  unix.Stat_t
	attributes
}

func (f *found) close() {
	_ = f.facts.file.Close()
	_ = f.file.Close()
	f.spot.close()
}

// find opens the file that is meant, if it may be touched.
func (x *Executor) find(m meantFile) (*found, error) {
	at, err := x.spotOf(m.place)
	if err != nil {
		return nil, refusal{err}
	}
	f, err := x.openAt(at, m)
	if err != nil {
		at.close()
		return nil, err
	}
	return f, nil
}

func (x *Executor) openAt(at *spot, m meantFile) (*found, error) {
	file, err := at.open()
	if errors.Is(err, procfs.ErrNotRegular) {
		return nil, refuse("%s: %w", m.path, errNoFile)
	}
	if err != nil {
		return nil, refusal{err}
	}
	f := &found{spot: at, file: file}
	f.facts, err = x.describe(file)
	if err == nil {
		f.attributes, err = attributesOf(file)
	}
	if err == nil {
		err = unix.Fstat(int(file.Fd()), &f.stat)
	}
	if err == nil && !m.inode.IsZero() && !same(m.inode, f.facts.key, f.facts.loose) {
		err = refuse("%s: %w: it is %s, not %s", m.path, errOther, f.facts.key, m.inode)
	}
	if err == nil {
		err = x.mayTouch(f, m)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return f, nil
}

// mayTouch holds a file against what is protected.
func (x *Executor) mayTouch(f *found, m meantFile) error {
	g, err := x.guard()
	if err != nil {
		return err
	}
	if m.container == "" {
		if err := g.path(f.real()); err != nil {
			return err
		}
	}
	return g.inode(file{f.stat.Dev, f.stat.Ino})
}

// running are the processes that execute a file.
func (x *Executor) running(of *unix.Stat_t) []event.ProcessKey {
	var keys []event.ProcessKey
	pids, _ := x.options.Proc.PIDs()
	for _, pid := range pids {
		image, err := x.options.Proc.Image(pid)
		if err != nil || image.Dev != of.Dev || image.Ino != of.Ino || len(keys) >= response.MaxMembers {
			continue
		}
		if started, err := x.options.Proc.Start(pid); err == nil {
			keys = append(keys, event.ProcessKey{Host: x.options.Name.Host, Boot: x.options.Boot, PID: pid, Start: started})
		}
	}
	return keys
}

func (x *Executor) vault() (*vault.Vault, error) {
	return vault.Open(filepath.Join(x.options.Dir, "vault"))
}

// quarantine takes a file away: first into the vault, where it is read back, then
// from its name, if that still means it.
func (x *Executor) quarantine(ctx context.Context, command *baizev1.Command) (string, error) {
	m, err := x.fileOf(command)
	if err != nil {
		return "", err
	}
	f, err := x.find(m)
	if err != nil {
		if refused := (refusal{}); m.dry && errors.As(err, &refused) {
			return answer(&response.Taken{DryRun: true, Path: m.path, Refused: err.Error()})
		}
		return "", err
	}
	defer f.close()
	answered := &response.Taken{
		DryRun: m.dry, Path: f.path, Inode: f.facts.key, Size: f.stat.Size, Links: int(f.stat.Nlink) - 1, Running: x.running(&f.stat),
	}
	if m.dry {
		return x.planTaking(ctx, f, m, answered)
	}
	r := record{ID: command.GetId(), Action: response.ActionQuarantine, Time: x.options.Now().UTC(), Boot: x.options.Boot, Acting: true}
	if !plainID(r.ID) {
		return "", refuse("command id %q cannot name a file", r.ID)
	}
	v, err := x.vault()
	if err != nil {
		return "", err
	}
	if err := x.take(ctx, v, f, m, &r); err != nil {
		return "", errors.Join(fmt.Errorf("%s: %w", m.path, err), v.Remove(r.ID), x.records.drop(r.ID))
	}
	r.Acting = false
	if err := x.records.put(r); err != nil {
		return "", err // it stays on record as begun: the next start finds it taken
	}
	answered.SHA256, answered.Size, answered.Record = r.File.SHA256, r.File.Size, r.ID
	return answer(answered)
}

func (x *Executor) planTaking(ctx context.Context, f *found, m meantFile, answered *response.Taken) (string, error) {
	hash := hashOf(ctx, f.facts)
	answered.SHA256 = hash.SHA256
	switch policy, err := LoadPolicy(x.options.Dir); {
	case hash.State != event.HashOK:
		answered.Refused = "its content cannot be read: " + hash.State
	case m.sha256 != "" && m.sha256 != hash.SHA256:
		answered.Refused = fmt.Sprintf("%v: it has SHA-256 %s", errContent, hash.SHA256)
	case err == nil && !policy.Allows(Clean):
		answered.Refused = fmt.Sprintf("this host's policy does not allow actions of class %q", Clean)
	}
	return answer(answered)
}

// take does it. After an error the file is where it was.
func (x *Executor) take(ctx context.Context, v *vault.Vault, f *found, m meantFile, r *record) error {
	size, sum, err := v.Put(ctx, r.ID, f.file, f.stat.Size)
	if errors.Is(err, vault.ErrQuota) {
		return refusal{err}
	}
	if err != nil {
		return err
	}
	if sum != m.sha256 {
		return refuse("%w: it has SHA-256 %s", errContent, sum)
	}
	r.File = &takenFile{Path: f.path, Container: m.container, Inode: f.facts.key, SHA256: sum, Size: size, attributes: f.attributes}
	if err := x.records.put(*r); err != nil {
		return err
	}
	if err := f.hardened(f.file, false); err != nil {
		return err
	}
	if err := x.takeName(f, r.ID); err != nil {
		return errors.Join(err, f.hardened(f.file, true))
	}
	return nil
}

// takeName removes the name, if what it means is the file, unchanged.
func (x *Executor) takeName(f *found, id string) error {
	moved, err := f.aside(id)
	if err != nil {
		return err
	}
	now := unix.Stat_t{}
	err = unix.Fstat(int(f.file.Fd()), &now)
	switch {
	case err != nil:
	case moved.Ino != f.stat.Ino || moved.Mode&unix.S_IFMT != unix.S_IFREG:
		err = refuse("%w: it was replaced meanwhile", errOther)
	case now.Mtim != f.stat.Mtim || now.Size != f.stat.Size:
		err = refuse("%w: it was changed meanwhile", errContent)
	}
	if err != nil {
		return errors.Join(err, f.back(id))
	}
	if err := f.remove(id); err != nil {
		return errors.Join(err, f.back(id))
	}
	_ = f.sync() // it is taken, whether or not a power cut brings the name back
	return nil
}

// restore puts a file back where it was, with all that it had. Its inode is new.
func (x *Executor) restore(ctx context.Context, command *baizev1.Command) (string, error) {
	arguments := command.GetArguments()
	r, err := x.records.get(arguments[response.ArgRecord], response.ActionQuarantine)
	if err != nil {
		return "", err
	}
	undone := response.Undone{Record: r.ID, Action: r.Action, Path: r.File.Path, DryRun: arguments[response.ArgDryRun] == dryRun}
	at := place{path: r.File.Path}
	if at.pid, err = x.inside(r.File.Container); err != nil {
		return "", refusal{err}
	}
	s, err := x.spotOf(at)
	if err != nil {
		return "", refusal{err}
	}
	defer s.close()
	if err := s.free(); err != nil {
		return "", err
	}
	if undone.DryRun {
		return answer(&undone)
	}
	v, err := x.vault()
	if err != nil {
		return "", err
	}
	if err := x.putBack(ctx, v, s, &r); err != nil {
		return "", fmt.Errorf("%s: %w", r.File.Path, errors.Join(err, s.remove(r.ID)))
	}
	// The record goes first: an item without one is removed at the next start.
	if err := errors.Join(x.records.drop(r.ID), v.Remove(r.ID)); err != nil {
		undone.Detail = err.Error()
	}
	return answer(&undone)
}

// free reports a spot where something is.
func (s *spot) free() error {
	var there unix.Stat_t
	err := unix.Fstatat(s.fd(), s.name, &there, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil {
		return refuse("%s: something else is there now", s.path)
	}
	if !errors.Is(err, unix.ENOENT) {
		return &os.PathError{Op: "look at", Path: s.path, Err: err}
	}
	return nil
}

// putBack writes the file under a hidden name, and gives it its own when it is
// whole.
func (x *Executor) putBack(ctx context.Context, v *vault.Vault, s *spot, r *record) error {
	f, err := s.create(r.ID)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := v.Get(ctx, r.ID, f, r.File.SHA256); err != nil {
		return err
	}
	if err := r.File.apply(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := s.back(r.ID); err != nil {
		return err
	}
	return errors.Join(r.File.hardened(f, true), s.sync())
}

// recoverTaken finishes or undoes a quarantine that was interrupted, and says which.
func (x *Executor) recoverTaken(r record) (string, error) {
	at := place{path: r.File.Path}
	var err error
	if at.pid, err = x.inside(r.File.Container); err != nil {
		return "", err
	}
	s, err := x.spotOf(at)
	if err != nil {
		return "", err
	}
	defer s.close()
	var there unix.Stat_t
	if unix.Fstatat(s.fd(), hidden(r.ID), &there, unix.AT_SYMLINK_NOFOLLOW) == nil {
		if err := s.back(r.ID); err != nil {
			return "", err
		}
	}
	file, err := s.open()
	if err == nil {
		defer file.Close()
		err = unix.Fstat(int(file.Fd()), &there)
	}
	if err != nil || there.Ino != r.File.Inode.Inode { // taken, and the vault was complete before
		r.Acting = false
		return interruptedDone, x.records.put(r)
	}
	v, err := x.vault()
	if err != nil {
		return "", err
	}
	return interruptedUndone, errors.Join(r.File.hardened(file, true), x.records.drop(r.ID), v.Remove(r.ID))
}

// clearVault removes what has no record.
func (x *Executor) clearVault() error {
	keep := map[string]bool{}
	for _, r := range x.records.all() {
		if r.File != nil || r.Lines != nil {
			keep[r.ID] = true
		}
	}
	dir := filepath.Join(x.options.Dir, "vault")
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) && len(keep) == 0 {
		return nil
	}
	v, err := x.vault()
	if err != nil {
		return err
	}
	return v.Clear(keep)
}
