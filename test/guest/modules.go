package guest

import (
	"context"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// takeModules puts the modules and what they need into a directory, with
// their order of loading in the file "order".
func takeModules(ctx context.Context, tree, out string) error {
	all, err := findModules(tree)
	if err != nil {
		return err
	}
	var order []string
	taken := map[string]bool{}
	var add func(name string) error
	add = func(name string) error {
		file, there := all[name]
		if taken[name] || !there {
			return nil // built in, as far as the guest needs it
		}
		taken[name] = true
		to := filepath.Join(out, name+".ko")
		if err := unpack(ctx, file, to); err != nil {
			return err
		}
		needs, err := dependencies(to)
		if err != nil {
			return err
		}
		for _, n := range needs {
			if err := add(n); err != nil {
				return err
			}
		}
		order = append(order, name+".ko\n")
		return nil
	}
	for _, name := range modules {
		if err := add(name); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(out, "order"), []byte(strings.Join(order, "")), 0o644)
}

// takeLoadable moves the module that nothing loads to a file.
func takeLoadable(ctx context.Context, tree, to string) error {
	all, err := findModules(tree)
	if err != nil {
		return err
	}
	file, there := all[loadable]
	if !there {
		return fmt.Errorf("no module %s", loadable)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return unpack(ctx, file, to)
}

// findModules maps names, with underscores, to files.
func findModules(tree string) (map[string]string, error) {
	out := map[string]string{}
	err := filepath.WalkDir(tree, func(name string, d fs.DirEntry, err error) error {
		if base, _, ok := strings.Cut(filepath.Base(name), ".ko"); ok && err == nil {
			out[strings.ReplaceAll(base, "-", "_")] = name
		}
		return err
	})
	return out, err
}

// unpack moves a module, decompressed.
func unpack(ctx context.Context, from, to string) error {
	if strings.HasSuffix(from, ".xz") {
		if err := command(ctx, "xz", "-d", from); err != nil {
			return err
		}
		from = strings.TrimSuffix(from, ".xz")
	}
	return os.Rename(from, to)
}

// dependencies reads a module's own list of those that it needs.
func dependencies(file string) ([]string, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", file, err)
	}
	defer f.Close()
	section := f.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("module %s has no .modinfo", file)
	}
	info, err := section.Data()
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", file, err)
	}
	return parseDependencies(string(info)), nil
}

// parseDependencies reads the entry "depends" of NUL-separated ones.
func parseDependencies(info string) []string {
	for entry := range strings.SplitSeq(info, "\x00") {
		if list, ok := strings.CutPrefix(entry, "depends="); ok && list != "" {
			return strings.Split(strings.ReplaceAll(list, "-", "_"), ",")
		}
	}
	return nil
}
