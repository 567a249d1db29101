// Package content is the detection content that comes with Baize: Sigma rules
// with their tests, and the names of ATT&CK tactics. It is data; nothing in
// the engine depends on what is in it.
package content

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed rules attack
var files embed.FS

// Rules is the tree of rules: linux/NAME.yml, with linux/NAME.test beside it,
// and lists/NAME.txt with the values of placeholders.
func Rules() fs.FS { return sub("rules") }

// sub is a directory of the embedded files, which the build put there.
func sub(dir string) fs.FS {
	tree, err := fs.Sub(files, dir)
	if err != nil {
		panic(fmt.Sprintf("content: embedded directory %s: %v", dir, err))
	}
	return tree
}
