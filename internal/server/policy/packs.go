package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"baize/internal/server/state"
	"baize/internal/sigma"
)

// Sources of a version.
const (
	sourceBuiltIn   = "built-in"
	sourceDirectory = "directory"
	sourcePush      = "push"
)

// View is what is in force, and what is not, at this moment.
func (m *Manager) View() *View { return m.view.Load() }

// Push makes files the newest version of a pack and puts it in force, unless
// the pack is disabled. Where a file is invalid nothing is changed, unless
// skipInvalid leaves the invalid ones out; the error then is *InvalidError.
// Files that are those in force already make no new version.
func (m *Manager) Push(ctx context.Context, pack string, files map[string]string, skipInvalid bool, author string) (Pack, error) {
	if !isPackName(pack) {
		return Pack{}, fmt.Errorf("%w: a pack's name is at most 64 of a-z, 0-9, '.', '_' and '-', and none of %s", ErrInvalid, strings.Join(reserved, ", "))
	}
	files = maps.Clone(files)
	maps.DeleteFunc(files, func(name, _ string) bool { return !IsRuleFile(name) })
	lenient := ""
	if skipInvalid {
		lenient = pack
	}
	return m.changePack(ctx, pack, lenient, func(d *draft) error {
		if d.packs[pack] == nil && len(d.packs) >= MaxPacks {
			return fmt.Errorf("%w: there are %d packs", ErrLimit, MaxPacks)
		}
		_, err := m.addVersion(ctx, d, pack, files, sourcePush, author)
		return err
	})
}

// changePack makes one change and returns the pack as it is then.
func (m *Manager) changePack(ctx context.Context, pack, lenient string, change func(*draft) error) (Pack, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.draft(ctx)
	if err != nil {
		return Pack{}, err
	}
	if err := change(d); err != nil {
		return Pack{}, err
	}
	if err := m.applyLocked(ctx, d, lenient); err != nil {
		return Pack{}, err
	}
	return m.Pack(pack)
}

// Pack returns a pack, or state.ErrNotFound.
func (m *Manager) Pack(name string) (Pack, error) {
	for _, p := range m.View().Packs {
		if p.Name == name {
			return p, nil
		}
	}
	return Pack{}, fmt.Errorf("pack %q: %w", name, state.ErrNotFound)
}

// addVersion puts files in the draft as a new version, unless they are the
// ones that count already, and says whether they are new.
func (m *Manager) addVersion(ctx context.Context, d *draft, pack string, files map[string]string, source, author string) (bool, error) {
	if err := checkFiles(files); err != nil {
		return false, err
	}
	p := d.packs[pack]
	if p == nil {
		p = &draftPack{Pack: state.Pack{Name: pack, Enabled: true}}
		d.packs[pack] = p
	}
	digest := digestOf(files)
	if source != sourcePush {
		p.Origin = digest
	}
	if p.version.Digest == digest {
		return false, nil
	}
	body, err := zipped(files)
	if err != nil {
		return false, err
	}
	number, err := m.nextNumber(ctx, pack)
	if err != nil {
		return false, err
	}
	p.version = state.PackVersion{Pack: pack, Number: number, Digest: digest, Source: source, Author: author, Created: m.cfg.Now().UTC(), Body: body}
	p.Current = number
	d.change.Versions = append(d.change.Versions, p.version)
	p.files, err = unzip(pack, body)
	return true, err
}

// nextNumber is above that of every version that is or was.
func (m *Manager) nextNumber(ctx context.Context, pack string) (int, error) {
	versions, err := m.cfg.State.PackVersions(ctx, pack)
	if err != nil || len(versions) == 0 {
		return 1, err
	}
	return versions[0].Number + 1, nil
}

// digestOf names the content of files.
func digestOf(files map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %x\n", name, sha256.Sum256([]byte(files[name])))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// EnablePack puts a whole pack in force, or takes it out.
func (m *Manager) EnablePack(ctx context.Context, pack string, enabled bool) (Pack, error) {
	return m.changePack(ctx, pack, "", func(d *draft) error {
		p, err := d.pack(pack)
		if err == nil {
			p.Enabled = enabled
		}
		return err
	})
}

// EnableRule puts one rule in force, or takes it out, whatever pack has it.
func (m *Manager) EnableRule(ctx context.Context, key string, enabled bool, author string) error {
	rule, err := m.Rule(key)
	if err != nil {
		return err
	}
	_, err = m.changePack(ctx, rule.Pack, "", func(d *draft) error {
		if enabled {
			delete(d.disabled, key)
			d.change.Enable = []string{key}
			return nil
		}
		off := state.DisabledRule{Rule: key, Author: author, Created: m.cfg.Now().UTC()}
		d.disabled[key] = off
		d.change.Disable = []state.DisabledRule{off}
		return nil
	})
	return err
}

// Rule returns a rule by its key, or state.ErrNotFound.
func (m *Manager) Rule(key string) (Rule, error) {
	for _, r := range m.View().Rules {
		if r.Key == key {
			return r, nil
		}
	}
	return Rule{}, fmt.Errorf("rule %q: %w", key, state.ErrNotFound)
}

// Restore makes an earlier version of a pack the one that counts.
func (m *Manager) Restore(ctx context.Context, pack string, number int) (Pack, error) {
	version, err := m.cfg.State.PackVersion(ctx, pack, number)
	if err != nil {
		return Pack{}, err
	}
	return m.changePack(ctx, pack, pack, func(d *draft) error {
		p, err := d.pack(pack)
		if err != nil {
			return err
		}
		p.version, p.Current = version, number
		p.files, err = unzip(pack, version.Body)
		return err
	})
}

// Versions returns the versions of a pack that are kept, latest first, each
// with the report of its load, or state.ErrNotFound.
func (m *Manager) Versions(ctx context.Context, pack string) ([]Version, error) {
	if _, err := m.Pack(pack); err != nil {
		return nil, err
	}
	kept, err := m.cfg.State.PackVersions(ctx, pack)
	if err != nil {
		return nil, err
	}
	list := make([]Version, 0, len(kept))
	for i := range kept {
		var report sigma.Report
		if err := json.Unmarshal(kept[i].Report, &report); err != nil {
			return nil, fmt.Errorf("report of version %d of pack %s: %w", kept[i].Number, pack, err)
		}
		list = append(list, show(&kept[i], report))
	}
	return list, nil
}

// Source returns the text of the file that has a rule, or state.ErrNotFound.
func (m *Manager) Source(ctx context.Context, key string) (Rule, string, error) {
	rule, err := m.Rule(key)
	if err != nil {
		return rule, "", err
	}
	pack, err := m.Pack(rule.Pack)
	if err != nil {
		return rule, "", err
	}
	version, err := m.cfg.State.PackVersion(ctx, pack.Name, pack.Number)
	if err != nil {
		return rule, "", err
	}
	files, err := unzip(pack.Name, version.Body)
	if err != nil {
		return rule, "", err
	}
	for _, f := range files {
		if f.Path == rule.Pack+"/"+rule.File {
			return rule, f.Text, nil
		}
	}
	return rule, "", fmt.Errorf("file of rule %q: %w", key, state.ErrNotFound)
}

// Reload takes in the pack that comes with the server and those in
// Config.Dir, each if its content is not the one that was taken in last, and
// returns what became of them, a line each. A directory that cannot be a pack
// changes nothing and is named; a pack whose directory is gone stays.
func (m *Manager) Reload(ctx context.Context, author string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.draft(ctx)
	if err != nil {
		return nil, err
	}
	builtIn, err := filesOf(m.cfg.BuiltIn)
	if err == nil {
		_, err = m.takeIn(ctx, d, BuiltIn, builtIn, sourceBuiltIn, author)
	}
	if err == nil {
		err = m.applyLocked(ctx, d, everything)
	}
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", BuiltIn, err)
	}
	names, err := packDirs(m.cfg.Dir)
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for _, name := range names {
		line := m.reloadDirLocked(ctx, name, author)
		m.cfg.Log.Info("rule pack from a directory", "pack", name, "result", line)
		lines = append(lines, name+": "+line)
	}
	return lines, nil
}

// packDirs are the names of the directories below dir; none where it is missing.
func packDirs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || dir == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("rule packs: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// reloadDirLocked takes one directory in and says what became of it.
func (m *Manager) reloadDirLocked(ctx context.Context, name, author string) string {
	if !isPackName(name) {
		return "refused: the directory's name is no name of a pack"
	}
	root, err := os.OpenRoot(m.cfg.Dir + "/" + name)
	if err != nil {
		return "refused: " + err.Error()
	}
	defer root.Close()
	files, err := filesOf(root.FS())
	if err != nil {
		return "refused: " + err.Error()
	}
	d, err := m.draft(ctx)
	if err != nil {
		return "failed: " + err.Error()
	}
	if d.packs[name] == nil && len(d.packs) >= MaxPacks {
		return fmt.Sprintf("refused: there are %d packs", MaxPacks)
	}
	taken, err := m.takeIn(ctx, d, name, files, sourceDirectory, author)
	if err == nil && taken {
		err = m.applyLocked(ctx, d, "")
	}
	switch {
	case err != nil:
		return "refused: " + err.Error()
	case taken:
		return fmt.Sprintf("version %d", d.packs[name].Current)
	}
	return "unchanged"
}

// takeIn adds files as a version if they are not those taken in last.
func (m *Manager) takeIn(ctx context.Context, d *draft, name string, files map[string]string, source, author string) (bool, error) {
	if p := d.packs[name]; p != nil && p.Origin == digestOf(files) {
		return false, nil
	}
	return m.addVersion(ctx, d, name, files, source, author)
}

// filesOf reads the rule files below a root, within the limits of a pack.
func filesOf(root fs.FS) (map[string]string, error) {
	files, size := map[string]string{}, 0
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !IsRuleFile(name) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if size += int(info.Size()); size > MaxPackBytes || len(files) >= MaxPackFiles {
			return fmt.Errorf("%w: over %d files or %d bytes", ErrLimit, MaxPackFiles, MaxPackBytes)
		}
		data, err := fs.ReadFile(root, name)
		files[name] = string(data)
		return err
	})
	return files, err
}
