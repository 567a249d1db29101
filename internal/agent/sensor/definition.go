package sensor

import (
	"path"
	"strings"
)

// additions is the last directory of a pattern for all directories of additions.
const additions = "*.d"

// definitions are the watched definition files, by what their patterns are
// looked up by: whole paths, directories whose entries are meant, and, of those
// that may be anywhere, the last part or, where that may be any, the one before.
var definitions = func() (d struct {
	// roots are the first directories of paths and dirs.
	roots, paths, dirs map[string]bool
	leaves, above      map[string][]string
	// visible : some pattern for anywhere has no hidden part.
	visible bool
},
) {
	d.roots, d.paths, d.dirs = map[string]bool{}, map[string]bool{}, map[string]bool{}
	d.leaves, d.above = map[string][]string{}, map[string][]string{}
	for _, pattern := range DefinitionPatterns() {
		dir, leaf := path.Split(pattern)
		anywhere := strings.HasPrefix(pattern, "**/")
		if anywhere {
			d.visible = d.visible || !hidden(pattern)
		} else {
			d.roots[root(pattern)] = true
		}
		switch {
		case anywhere && wild(leaf):
			d.above[path.Base(dir)] = append(d.above[path.Base(dir)], pattern)
		case anywhere:
			d.leaves[leaf] = append(d.leaves[leaf], pattern)
		case wild(leaf):
			d.dirs[dir] = true
		default:
			d.paths[pattern] = true
		}
	}
	return d
}()

// root is the first directory of an absolute path.
func root(name string) string {
	if len(name) < 2 {
		return ""
	}
	end := strings.IndexByte(name[1:], '/')
	return name[:end+1]
}

// hidden reports whether a file or a directory above it is.
func hidden(name string) bool { return strings.Contains(name, "/.") }

// Defines reports whether a path is that of a definition file. It is asked of
// every file that is changed, so it does not try pattern after pattern, and for
// most paths their beginning is enough.
func Defines(name string) bool {
	d := &definitions
	fixed, anywhere := d.roots[root(name)], d.visible || hidden(name)
	if !fixed && !anywhere {
		return false
	}
	dir, leaf := path.Split(name)
	base := path.Base(dir)
	drop := strings.HasSuffix(base, ".d")
	if fixed && (d.paths[name] || d.dirs[dir] || drop && d.dirs[path.Dir(path.Clean(dir))+"/"+additions+"/"]) {
		return true
	}
	return anywhere && (some(d.leaves[leaf], name) || some(d.above[base], name) || drop && some(d.above[additions], name))
}

// some reports whether any pattern covers a path.
func some(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if matches(pattern, name) {
			return true
		}
	}
	return false
}

// DefinitionPatterns are the patterns of the watched definition files.
func DefinitionPatterns() []string {
	var list []string
	for _, w := range Watches {
		if w.Class == WatchDefinition {
			list = append(list, w.Pattern)
		}
	}
	return list
}
