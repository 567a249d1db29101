package action

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"baize/internal/agent/vault"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// maxRevert bounds a file that lines are removed from, in bytes: definition files
// are small.
const maxRevert = 1 << 20

// toldLine is how much of a line the sensor tells at most, in bytes.
const toldLine = 1 << 10

// takenLines are lines that were removed. The file as it was before is in the
// vault, under the name of the record.
type takenLines struct {
	takenFile
	// After is the SHA-256 of the file without them.
	After string `json:"after"`
}

// edit is what becomes of a file without lines.
type edit struct {
	before, after []byte
	numbers       []int
}

// without removes lines from a file's content. They are meant as the sensor told
// them: without secrets, and cut where they are long.
func (x *Executor) without(content []byte, lines []string) (edit, error) {
	var raw, told []string
	for line := range strings.Lines(string(content)) {
		raw = append(raw, line)
		told = append(told, x.told(line))
	}
	places, err := response.FindLines(told, lines)
	if err != nil {
		return edit{}, refusal{err}
	}
	e := edit{before: content}
	next := 0
	for i, line := range raw {
		if next < len(places) && places[next] == i {
			next++
			e.numbers = append(e.numbers, i+1)
			continue
		}
		e.after = append(e.after, line...)
	}
	return e, nil
}

func (x *Executor) told(line string) string {
	line = strings.TrimRight(line, "\r\n")
	if strings.TrimSpace(line) == "" {
		return ""
	}
	line, _ = x.options.Redactor.Text(strings.ToValidUTF8(line, "\uFFFD"))
	if len(line) <= toldLine {
		return line
	}
	end := toldLine
	for end > 0 && !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end]
}

func hexDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// revert removes lines from a file, all of them or none: a new file without them
// takes its place, if it is still the one that was read.
func (x *Executor) revert(ctx context.Context, command *baizev1.Command) (string, error) {
	arguments := command.GetArguments()
	m := meantFile{container: arguments[response.ArgContainer], dry: arguments[response.ArgDryRun] == dryRun}
	var err error
	if m.place, err = x.placeOf(command); err != nil {
		return "", refusal{err}
	}
	var lines []string
	if err := json.Unmarshal([]byte(arguments[response.ArgLines]), &lines); err != nil {
		return "", refuse("lines: %w", err)
	}
	f, err := x.find(m)
	if err != nil {
		return "", err
	}
	defer f.close()
	e, err := x.editOf(f, lines)
	if err != nil {
		if refused := (refusal{}); m.dry && errors.As(err, &refused) {
			return answer(&response.Reverted{DryRun: true, Path: f.path, Refused: err.Error(), Lines: []int{}})
		}
		return "", fmt.Errorf("%s: %w", f.path, err)
	}
	answered := &response.Reverted{DryRun: m.dry, Path: f.path, Before: hexDigest(e.before), After: hexDigest(e.after), Lines: e.numbers}
	if m.dry {
		if policy, err := LoadPolicy(x.options.Dir); err == nil && !policy.Allows(Clean) {
			answered.Refused = fmt.Sprintf("this host's policy does not allow actions of class %q", Clean)
		}
		return answer(answered)
	}
	r := record{ID: command.GetId(), Action: response.ActionRevert, Time: x.options.Now().UTC(), Boot: x.options.Boot, Acting: true}
	if !plainID(r.ID) {
		return "", refuse("command id %q cannot name a file", r.ID)
	}
	v, err := x.vault()
	if err != nil {
		return "", err
	}
	if err := x.cutOut(ctx, v, f, m, e, &r); err != nil {
		return "", errors.Join(fmt.Errorf("%s: %w", f.path, err), f.remove(r.ID), v.Remove(r.ID), x.records.drop(r.ID))
	}
	_ = f.remove(r.ID) // the file as it was, which is in the vault
	r.Acting = false
	if err := x.records.put(r); err != nil {
		return "", err
	}
	answered.Record = r.ID
	return answer(answered)
}

func (x *Executor) editOf(f *found, lines []string) (edit, error) {
	content, err := io.ReadAll(io.LimitReader(f.file, maxRevert+1))
	if err != nil {
		return edit{}, err
	}
	if len(content) > maxRevert {
		return edit{}, refuse("it is larger than %d bytes", maxRevert)
	}
	return x.without(content, lines)
}

// cutOut does it. After an error the file is what it was.
func (x *Executor) cutOut(ctx context.Context, v *vault.Vault, f *found, m meantFile, e edit, r *record) error {
	size, sum, err := v.Put(ctx, r.ID, bytes.NewReader(e.before), int64(len(e.before)))
	if err != nil {
		return err
	}
	r.Lines = &takenLines{
		takenFile: takenFile{Path: f.path, Container: m.container, Inode: f.facts.key, SHA256: sum, Size: size, attributes: f.attributes},
		After:     hexDigest(e.after),
	}
	if err := x.records.put(*r); err != nil {
		return err
	}
	// Who reads such files, cron for one, looks at the time to see the change.
	changed := f.attributes
	changed.Modified = x.options.Now()
	return exchange(f.spot, r.ID, f.file, &f.stat, &changed, func(to io.Writer) error {
		_, err := to.Write(e.after)
		return err
	})
}

// exchange puts a new file in the place of an old one, if that is still there and
// as it was. The old one has the hidden name then.
func exchange(s *spot, id string, old *os.File, was *unix.Stat_t, with *attributes, fill func(io.Writer) error) error {
	var moved, now unix.Stat_t
	f, err := s.create(id)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := errors.Join(fill(f), with.apply(f), f.Sync()); err != nil {
		return err
	}
	if err := with.hardened(old, false); err != nil {
		return err
	}
	swap := func() error { return unix.Renameat2(s.fd(), hidden(id), s.fd(), s.name, unix.RENAME_EXCHANGE) }
	if err := swap(); err != nil {
		return errors.Join(&os.PathError{Op: "exchange", Path: s.path, Err: err}, with.hardened(old, true))
	}
	err = errors.Join(unix.Fstatat(s.fd(), hidden(id), &moved, unix.AT_SYMLINK_NOFOLLOW), unix.Fstat(int(old.Fd()), &now))
	if err == nil && (moved.Ino != was.Ino || moved.Mode&unix.S_IFMT != unix.S_IFREG || now.Mtim != was.Mtim || now.Size != was.Size) {
		err = refuse("it was replaced or changed meanwhile")
	}
	if err != nil {
		return errors.Join(err, swap(), with.hardened(old, true))
	}
	_ = s.sync()
	return with.hardened(f, true)
}

// reapply makes a file what it was before lines were removed, with all that it
// had, if nobody has changed it since.
func (x *Executor) reapply(ctx context.Context, command *baizev1.Command) (string, error) {
	arguments := command.GetArguments()
	r, err := x.records.get(arguments[response.ArgRecord], response.ActionRevert)
	if err != nil {
		return "", err
	}
	undone := response.Undone{Record: r.ID, Action: r.Action, Path: r.Lines.Path, DryRun: arguments[response.ArgDryRun] == dryRun}
	at := place{path: r.Lines.Path}
	if at.pid, err = x.inside(r.Lines.Container); err != nil {
		return "", refusal{err}
	}
	f, err := x.find(meantFile{place: at, container: r.Lines.Container})
	if err != nil {
		return "", err
	}
	defer f.close()
	if hash := hashOf(ctx, f.facts); hash.State != event.HashOK || hash.SHA256 != r.Lines.After {
		return "", refuse("%s: it was changed since: SHA-256 %s", f.path, hash.SHA256)
	}
	if undone.DryRun {
		return answer(&undone)
	}
	v, err := x.vault()
	if err != nil {
		return "", err
	}
	err = exchange(f.spot, r.ID, f.file, &f.stat, &r.Lines.attributes, func(to io.Writer) error {
		return v.Get(ctx, r.ID, to, r.Lines.SHA256)
	})
	if err = errors.Join(err, f.remove(r.ID)); err != nil {
		return "", fmt.Errorf("%s: %w", f.path, err)
	}
	if err := errors.Join(x.records.drop(r.ID), v.Remove(r.ID)); err != nil {
		undone.Detail = err.Error()
	}
	return answer(&undone)
}

// recoverLines finishes or undoes a revert that was interrupted, and says which.
func (x *Executor) recoverLines(r record) (string, error) {
	at := place{path: r.Lines.Path}
	var err error
	if at.pid, err = x.inside(r.Lines.Container); err != nil {
		return "", err
	}
	s, err := x.spotOf(at)
	if err != nil {
		return "", err
	}
	defer s.close()
	file, err := s.open()
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxRevert+1))
	if err != nil {
		return "", err
	}
	if hexDigest(content) == r.Lines.After {
		r.Acting = false
		return interruptedDone, errors.Join(r.Lines.hardened(file, true), s.remove(r.ID), x.records.put(r))
	}
	v, err := x.vault()
	if err != nil {
		return "", err
	}
	return interruptedUndone, errors.Join(r.Lines.hardened(file, true), s.remove(r.ID), x.records.drop(r.ID), v.Remove(r.ID))
}
