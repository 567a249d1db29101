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
	paths, dirs map[string]bool
	leaves      map[string][]string
	above       map[string][]string
}) {
	d.paths, d.dirs = map[string]bool{}, map[string]bool{}
	d.leaves, d.above = map[string][]string{}, map[string][]string{}
	for _, pattern := range DefinitionPatterns() {
		dir, leaf := path.Split(pattern)
		switch anywhere := strings.HasPrefix(pattern, "**/"); {
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

// Defines reports whether a path is that of a definition file. It is asked of
// every file that is changed, so it does not try pattern after pattern.
func Defines(name string) bool {
	d := &definitions
	dir, leaf := path.Split(name)
	if d.paths[name] || d.dirs[dir] || some(d.leaves[leaf], name) {
		return true
	}
	base := path.Base(dir)
	if strings.HasSuffix(base, ".d") && (d.dirs[path.Dir(path.Clean(dir))+"/"+additions+"/"] || some(d.above[additions], name)) {
		return true
	}
	return some(d.above[base], name)
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
