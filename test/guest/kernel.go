package guest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Kernel is one of Debian's: the kernel that a suite's package depends on,
// for an architecture as Go names it.
type Kernel struct {
	Suite, Arch, Package string
	// Tier is what the sensor must reach on it: 1 where programs attach to the
	// kernel's functions.
	Tier int
	// Parameters of the kernel's command line that it needs beside those of all.
	Parameters string
}

// Kernels that the sensor is held to. The first is the one of every test run.
var Kernels = []Kernel{
	{Suite: "bookworm", Arch: "amd64", Package: "linux-image-cloud-amd64", Tier: 1},
	{Suite: "bookworm-backports", Arch: "amd64", Package: "linux-image-cloud-amd64", Tier: 1},
	// Since 6.18 programs allocate what they keep for tasks and sockets without a
	// lock, for which a processor without cmpxchg16b (see machines) needs the
	// allocator's checks.
	{Suite: "trixie-backports", Arch: "amd64", Package: "linux-image-cloud-amd64", Tier: 1, Parameters: "slab_debug=F"},
	// 6.1 has no trampolines for arm64.
	{Suite: "bookworm", Arch: "arm64", Package: "linux-image-cloud-arm64", Tier: 2},
}

// Name of the kernel in test results.
func (k Kernel) Name() string { return k.Suite + "-" + k.Arch }

// machine is how an architecture is emulated.
type machine struct {
	emulator, console string
	args              []string
}

var machines = map[string]machine{
	// TCG of QEMU 7.2 leaves garbage in the flags after cmpxchg16b, which newer
	// kernels do not survive.
	"amd64": {emulator: "qemu-system-x86_64", console: "ttyS0", args: []string{"-cpu", "max,cx16=off"}},
	"arm64": {emulator: "qemu-system-aarch64", console: "ttyAMA0", args: []string{"-machine", "virt", "-cpu", "max"}},
}

// modules that the guest loads, with those that they need, in this order.
// Kernels have some of them built in.
var modules = []string{"virtio_pci", "virtio_mmio", "virtio_blk", "ext4", "crc32c_generic", "overlay"}

// loadable is a module that does nothing by itself, for the guest's command to
// load: its file is at loadableFile there.
const (
	loadable     = "dummy"
	loadableFile = "/guest/" + loadable + ".ko"
)

// programs of the guest by Debian package. The dynamic loader and the library
// come from libc6.
var programs = map[string][]string{
	"dash":      {"bin/dash", "bin/sh", "usr/bin/dash", "usr/bin/sh"},
	"coreutils": {"bin/true", "bin/cat", "usr/bin/true", "usr/bin/cat"},
	"libc6":     {"lib64", "lib/*/ld-linux-*", "lib/ld-linux-*", "lib/*/libc.so.6", "usr/lib/*/ld-linux-*", "usr/lib/ld-linux-*", "usr/lib/*/libc.so.6", "usr/lib64"},
}

// kit is what a guest is made of, on disk: vmlinuz, modules in the order of
// modules/order, and a root directory. SHA256SUMS covers all of it and names the
// packages that it came from.
type kit struct{ dir string }

func (k kit) path(name string) string { return filepath.Join(k.dir, name) }

const sumsFile = "SHA256SUMS"

// cache keeps kits, below the directory of the build's tools.
const cache = "../../.tools/guest"

// prepare returns the kernel's kit, made once. Remove the cache for a newer
// kernel.
func (k Kernel) prepare(ctx context.Context) (kit, error) {
	done := kit{filepath.Join(cache, k.Name()+"-"+recipe())}
	if _, err := os.Stat(done.dir); err == nil {
		return done, done.verify()
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return kit{}, err
	}
	work, err := os.MkdirTemp(cache, "making-")
	if err != nil {
		return kit{}, err
	}
	defer os.RemoveAll(work)
	if err := k.gather(ctx, work); err != nil {
		return kit{}, fmt.Errorf("get %s of %s: %w", k.Package, k.Suite, err)
	}
	err = os.Rename(filepath.Join(work, "kit"), done.dir)
	if errors.Is(err, fs.ErrExist) {
		err = nil // made by another test meanwhile
	}
	return done, err
}

// recipe tells kits apart that were made from other lists.
func recipe() string {
	sum := sha256.Sum256(fmt.Append(nil, modules, programs, rootFiles, loadable))
	return hex.EncodeToString(sum[:4])
}

// gather makes a kit in work/kit.
func (k Kernel) gather(ctx context.Context, work string) error {
	archive, err := openArchive(ctx, filepath.Join(work, "apt"), k.Suite, k.Arch)
	if err != nil {
		return err
	}
	image, err := archive.dependency(ctx, k.Package, "linux-image-")
	if err != nil {
		return err
	}
	out := kit{filepath.Join(work, "kit")}
	tree := filepath.Join(work, "image")
	// Newer kernels come in several packages.
	for _, part := range []string{"image", "binary", "modules"} {
		name := strings.Replace(image, "image", part, 1)
		if name != image && !archive.has(ctx, name) {
			continue
		}
		if err := archive.extract(ctx, tree, name); err != nil {
			return err
		}
	}
	if err := takeKernel(ctx, tree, out); err != nil {
		return err
	}
	for name, patterns := range programs {
		tree := filepath.Join(work, name)
		if err := archive.extract(ctx, tree, name); err != nil {
			return err
		}
		if err := take(tree, out.path("root"), patterns); err != nil {
			return err
		}
	}
	return out.seal(archive.packages)
}

// takeKernel moves the kernel and the modules over.
func takeKernel(ctx context.Context, tree string, out kit) error {
	image, err := kernelImage(tree)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out.path("modules"), 0o755); err != nil {
		return err
	}
	if err := os.Rename(image, out.path("vmlinuz")); err != nil {
		return err
	}
	return errors.Join(takeModules(ctx, tree, out.path("modules")), takeLoadable(ctx, tree, out.path("root"+loadableFile)))
}

// kernelImage finds the kernel in /boot or, since 7.2, beside its modules.
func kernelImage(tree string) (string, error) {
	var found []string
	for _, pattern := range []string{"boot/vmlinu[xz]-*", "usr/lib/modules/*/vmlinu[xz]", "lib/modules/*/vmlinu[xz]"} {
		more, err := filepath.Glob(filepath.Join(tree, pattern))
		if err != nil {
			return "", err
		}
		found = append(found, more...)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d kernels in %s, want one: %v", len(found), tree, found)
	}
	return found[0], nil
}

// take moves what matches the patterns, keeping its place. Packages differ in
// whether /bin is their own directory; not every pattern matches.
func take(tree, root string, patterns []string) error {
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(tree, pattern))
		if err != nil {
			return err
		}
		for _, from := range found {
			to := filepath.Join(root, strings.TrimPrefix(from, tree))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if err := os.Rename(from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// seal writes the sums of all files.
func (k kit) seal(packages []string) error {
	sums, err := k.sums()
	if err != nil {
		return err
	}
	for _, p := range packages {
		sums = append(sums, "# "+p+"\n"...)
	}
	return os.WriteFile(k.path(sumsFile), sums, 0o644)
}

// verify compares the files with their sums.
func (k kit) verify() error {
	want, err := os.ReadFile(k.path(sumsFile))
	if err != nil {
		return err
	}
	got, err := k.sums()
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(want, got) {
		return fmt.Errorf("%s is not what was fetched: remove it", k.dir)
	}
	return nil
}

// sums are the lines of sha256sum for the regular files, in order.
func (k kit) sums() ([]byte, error) {
	var out []byte
	err := filepath.WalkDir(k.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == sumsFile {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(k.dir, name)
		out = fmt.Appendf(out, "%x  %s\n", sha256.Sum256(content), relative)
		return err
	})
	return out, err
}
