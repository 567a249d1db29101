package definition

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/event"
)

const (
	// maxPasswd bounds a passwd file, in bytes, and maxHomes the homes in it.
	maxPasswd = 1 << 20
	maxHomes  = 1024
)

// Seeds are the files of the host that are read at start. Of files that are not
// among them, as those of containers, the first change is event.DiffWhole.
type Seeds struct {
	// Patterns are absolute paths as of path/filepath.Match; one that begins
	// with "**/" is looked for in the homes.
	Patterns []string
	// Passwd names the homes: the host's passwd file.
	Passwd string
	// Since is when changes began to be told: a file that was changed later is not read.
	Since time.Time
}

// seed reads what is there.
func (k *Keeper) seed(ctx context.Context) {
	homes := homes(k.seeds.Passwd)
	for _, pattern := range k.seeds.Patterns {
		for _, place := range places(pattern, homes) {
			names, err := filepath.Glob(place)
			if err != nil {
				k.log.Warn("definition files not read", "pattern", place, "error", err)
			}
			for _, name := range names {
				if ctx.Err() != nil {
					return
				}
				k.begin(name)
			}
		}
	}
	k.log.Info("definition files read", "files", k.files.kept.Len())
}

// places are where a pattern is looked for: below a directory also one deeper,
// where the links of enabled units are.
func places(pattern string, homes []string) []string {
	tail, anywhere := strings.CutPrefix(pattern, "**/")
	if !anywhere {
		if strings.HasSuffix(pattern, "/*") {
			return []string{pattern, pattern + "/*"}
		}
		return []string{pattern}
	}
	found := make([]string, 0, len(homes))
	for _, home := range homes {
		found = append(found, filepath.Join(home, tail))
	}
	return found
}

// begin takes the lines of a file before its first change. It is known by where
// its path really leads, as the kernel tells of changes.
func (k *Keeper) begin(name string) {
	dir, err := filepath.EvalSymlinks(filepath.Dir(name))
	if err != nil {
		return // gone since
	}
	name = filepath.Join(dir, filepath.Base(name))
	handle, err := k.proc.Handle(0, name)
	if err != nil {
		return
	}
	defer handle.Close()
	lines, state := k.content(handle)
	// One that was changed since the sensor was armed has its first change told
	// already, or about to be: what it had before is not known.
	if since := k.seeds.Since; !since.IsZero() && !changedAt(handle).Before(since) {
		return
	}
	if state == event.DiffOK {
		k.files.put(key{path: name}, lines)
	}
}

// changedAt is when a file was changed last, by the kernel's coarse clock; now where
// that is not known.
func changedAt(handle *os.File) time.Time {
	var stat unix.Stat_t
	if err := unix.Fstat(int(handle.Fd()), &stat); err != nil {
		return time.Now()
	}
	return time.Unix(stat.Ctim.Unix())
}

// homes are the home directories in a passwd file.
func homes(passwd string) []string {
	f, err := os.Open(passwd)
	if err != nil {
		return nil
	}
	defer f.Close()
	var found []string
	seen := map[string]bool{}
	for lines := bufio.NewScanner(io.LimitReader(f, maxPasswd)); lines.Scan() && len(found) < maxHomes; {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 6 || !filepath.IsAbs(fields[5]) || seen[fields[5]] {
			continue
		}
		seen[fields[5]] = true
		found = append(found, strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`).Replace(fields[5]))
	}
	return found
}
