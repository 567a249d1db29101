package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// archive is one suite of Debian's, for one architecture, through the mirror
// that this machine's apt uses. It has lists of its own, so that neither the
// machine's suite nor its architecture matters. Apt checks signatures and sums.
type archive struct {
	dir     string
	options []string
	// packages are those extracted so far: sum and file name.
	packages []string
}

// keyring of Debian's archive.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

func openArchive(ctx context.Context, dir, suite, arch string) (*archive, error) {
	mirror, err := debianMirror(ctx, filepath.Join(dir, "machine"))
	if err != nil {
		return nil, err
	}
	for _, d := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	// What a backport suite does not have is in the suite behind it.
	base := strings.TrimSuffix(suite, "-backports")
	var sources string
	for _, s := range slices.Compact([]string{base, suite}) {
		sources += fmt.Sprintf("deb [signed-by=%s arch=%s] %s %s main\n", keyring, arch, mirror, s)
	}
	list := filepath.Join(dir, "sources.list")
	if err := os.WriteFile(list, []byte(sources), 0o644); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	a := &archive{dir: dir}
	for _, o := range []string{
		"Dir::Etc::sourcelist=" + filepath.Join(absolute, "sources.list"), "Dir::Etc::sourceparts=/dev/null",
		"Dir::State=" + filepath.Join(absolute, "state"), "Dir::State::status=/dev/null", "Dir::Cache=" + filepath.Join(absolute, "cache"),
		"APT::Architecture=" + arch, "APT::Architectures::=" + arch, "Acquire::Languages=none", "APT::Default-Release=" + suite,
		"Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false", "APT::Sandbox::User=root",
	} {
		a.options = append(a.options, "-o", o)
	}
	return a, command(ctx, "apt-get", append(a.options, "update", "-qq")...)
}

// debianMirror is where this machine gets Debian's packages from. Apt knows by the
// lists that it has; where it has none yet they are fetched into dir.
func debianMirror(ctx context.Context, dir string) (string, error) {
	mirror, err := knownMirror(ctx)
	if mirror != "" || err != nil {
		return mirror, err
	}
	lists, err := filepath.Abs(filepath.Join(dir, "lists"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(lists, "partial"), 0o755); err != nil {
		return "", err
	}
	elsewhere := []string{"-o", "Dir::State::lists=" + lists}
	if err := command(ctx, "apt-get", append(elsewhere, "update", "-qq")...); err != nil {
		return "", err
	}
	mirror, err = knownMirror(ctx, elsewhere...)
	if mirror == "" && err == nil {
		err = errors.New("none of apt's sources is Debian's archive")
	}
	return mirror, err
}

// knownMirror finds it in apt's lists, "" if it is not there.
func knownMirror(ctx context.Context, options ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", append(options, "indextargets", "--format", "$(REPO_URI) $(RELEASE)",
		"Created-By: Packages", "Origin: Debian")...).Output()
	if err != nil {
		return "", fmt.Errorf("apt-get indextargets: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		uri, release, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasSuffix(release, "-security") {
			return uri, nil
		}
	}
	return "", nil
}

// has tells whether there is a package of a name.
func (a *archive) has(ctx context.Context, name string) bool {
	return exec.CommandContext(ctx, "apt-cache", append(a.options, "show", name)...).Run() == nil
}

// dependency is the first package of a prefix that a package depends on.
func (a *archive) dependency(ctx context.Context, name, prefix string) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-cache", append(a.options, "show", "--no-all-versions", name)...).Output()
	if err != nil {
		return "", fmt.Errorf("apt-cache show %s: %w", name, err)
	}
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "Depends: "); ok {
			for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(" ,|()\n", r) }) {
				if strings.HasPrefix(word, prefix) {
					return word, nil
				}
			}
		}
	}
	return "", fmt.Errorf("%s depends on no %s…", name, prefix)
}

// extract downloads a package and unpacks it into a directory.
func (a *archive) extract(ctx context.Context, to, name string) error {
	debs := filepath.Join(a.dir, "debs", name)
	if err := os.MkdirAll(debs, 0o755); err != nil {
		return err
	}
	get := exec.CommandContext(ctx, "apt-get", append(a.options, "download", "-qq", name)...)
	get.Dir = debs
	if out, err := get.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get download %s: %w: %s", name, err, out)
	}
	deb, err := only(filepath.Join(debs, "*.deb"))
	if err != nil {
		return fmt.Errorf("download %s: %w", name, err)
	}
	sum, err := exec.CommandContext(ctx, "sha256sum", deb).Output()
	if err != nil {
		return fmt.Errorf("sha256sum: %w", err)
	}
	a.packages = append(a.packages, strings.Fields(string(sum))[0]+"  "+filepath.Base(deb))
	return command(ctx, "dpkg", "-x", deb, to)
}

// only is the one file that matches.
func only(pattern string) (string, error) {
	found, err := filepath.Glob(pattern)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%d files match %s, want one", len(found), pattern)
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}
