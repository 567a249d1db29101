package guest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// writeInitramfs makes the first file system: the init of package
// test/guest/init and the modules that lead to the disk.
func writeInitramfs(ctx context.Context, file, arch string, kit kit) error {
	program := file + ".init"
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "baize/test/guest/init")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the guest's init: %w\n%s", err, out)
	}
	var c cpio
	for _, dir := range []string{"dev", "root", "modules"} {
		c.add(dir, modeDirectory|0o755, nil)
	}
	found, err := filepath.Glob(kit.path("modules/*"))
	if err != nil {
		return err
	}
	for name, from := range map[string]string{"init": program} {
		if err := c.addFile(name, 0o755, from); err != nil {
			return err
		}
	}
	for _, from := range found {
		if err := c.addFile("modules/"+filepath.Base(from), 0o644, from); err != nil {
			return err
		}
	}
	return os.WriteFile(file, c.end(), 0o644)
}

// File types of cpio, those of stat(2).
const (
	modeDirectory = 0o040000
	modeRegular   = 0o100000
)

// cpio is an archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpio struct {
	bytes.Buffer
	inode int
}

func (c *cpio) addFile(name string, permissions uint32, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	c.add(name, modeRegular|permissions, content)
	return nil
}

// add appends an entry. Header with name, and content, are padded to four bytes.
func (c *cpio) add(name string, mode uint32, content []byte) {
	c.inode++
	// ino, mode, uid, gid, nlink, mtime, filesize, dev and rdev (major, minor
	// each), namesize, check.
	fmt.Fprint(c, "070701")
	for _, field := range []int{c.inode, int(mode), 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0} {
		fmt.Fprintf(c, "%08X", field)
	}
	c.WriteString(name + "\x00")
	c.pad()
	c.Write(content)
	c.pad()
}

func (c *cpio) pad() {
	for c.Len()%4 != 0 {
		c.WriteByte(0)
	}
}

// end closes the archive.
func (c *cpio) end() []byte {
	c.add("TRAILER!!!", 0, nil)
	return c.Bytes()
}
