package sensor

import (
	"path"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestClassify(t *testing.T) {
	for name, class := range map[string]string{
		"/etc/shadow":                      WatchCredentials,
		"/tmp/etc/shadow":                  "",
		"/root/.ssh/id_ed25519":            WatchSSHKey,
		"/root/.ssh/id_ed25519.pub":        "",
		"/etc/cron.d/job":                  WatchDefinition,
		"/etc/cron.d/deeper/job":           "",
		"/var/spool/cron/crontabs/root":    WatchDefinition,
		"/home/u/.aws/credentials":         WatchCloud,
		".aws/credentials":                 "",
		"/proc/12/environ":                 WatchMemory,
		"/proc/12/task/13/mem":             WatchMemory,
		"/proc/12/maps":                    "",
		"/home/u/.bashrc":                  WatchDefinition,
		"/etc/systemd/system/evil.service": WatchDefinition,
		"/home/u/.ssh/authorized_keys":     WatchDefinition,
		"memfd:shadow":                     "",
		"/tmp/ssh-XXXXzT0l/agent.4711":     WatchSSHAgent,
		"/tmp/other/agent.4711":            "",
		"/root/.ssh/agent/s.Ab1.agent.Cd2": WatchSSHAgent,
		"/run/user/0/keyring/ssh":          WatchSSHAgent,
		"/run/user/0/gnupg/S.gpg-agent":    "",
		"":                                 "",
		"/run/secrets/kubernetes.io/serviceaccount/..2026_01_01/token": WatchToken,
	} {
		if got := classify(Watches, name); got != class {
			t.Errorf("%q: %q, want %q", name, got, class)
		}
	}
}

// The kernel's sieve lets every watched path through: its key is the path's
// own last name, or its directory's.
func TestKeysCoverPatterns(t *testing.T) {
	for _, w := range Watches {
		k, err := w.key()
		if err != nil {
			t.Error(err)
			continue
		}
		example := strings.NewReplacer("**", "/some/where", "*", "x").Replace(w.Pattern)
		if classify(Watches, path.Clean(example)) == "" {
			t.Errorf("%s does not cover %s", w.Pattern, example)
		}
		name := path.Base(example)
		switch k.Parent {
		case watchParent:
			name = path.Base(path.Dir(example))
		case watchAbove:
			name = path.Base(path.Dir(path.Dir(example)))
		}
		if k.Parent == watchSocket && strings.HasSuffix(w.Pattern, "*") {
			name, _, _ = strings.Cut(name, ".")
			name += "."
		}
		if got := untilNUL(k.Name[:]); !strings.HasPrefix(name, got) || len(got) < min(len(name), 31) {
			t.Errorf("%s: key %q, name %q", w.Pattern, got, name)
		}
	}
}

func TestWatchNeedsAName(t *testing.T) {
	for _, p := range []string{"/*/*", "", "/", "**/*", "/a*/b?"} {
		if _, err := (Watch{"x", p}).key(); err == nil {
			t.Errorf("pattern %q accepted", p)
		}
	}
	for _, p := range []string{"**/agent*", "**/a.b.*", "**/*", "**/a?.*"} {
		if _, err := (Watch{WatchSSHAgent, p}).key(); err == nil {
			t.Errorf("socket %q accepted", p)
		}
	}
}

// The kernel's own file systems are the same wherever they are mounted.
func TestWatchesHoldWhereverTheFileSystemIs(t *testing.T) {
	for _, c := range []struct {
		f    File
		want string
	}{
		{File{FileRef: FileRef{Path: "/host/proc/1/mem", Magic: unix.PROC_SUPER_MAGIC}}, WatchMemory},
		{File{FileRef: FileRef{Path: "/a/b/sys/kernel/core_pattern", Magic: unix.PROC_SUPER_MAGIC}}, WatchSetting},
		{File{FileRef: FileRef{Path: "/x/kernel/uevent_helper", Magic: unix.SYSFS_MAGIC}}, WatchSetting},
		{File{FileRef: FileRef{Path: "/x/register", Magic: unix.BINFMTFS_MAGIC}}, WatchSetting},
		{File{FileRef: FileRef{Path: "/host/proc/1/mem", Magic: 1}}, ""},
		{File{FileRef: FileRef{Path: "/host/proc/1/maps", Magic: unix.PROC_SUPER_MAGIC}}, ""},
		{File{FileRef: FileRef{Path: "/x/shadow"}, Origin: "/etc/shadow"}, WatchCredentials},
	} {
		if got := watchOf(Watches, &c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.f.Path, got, c.want)
		}
	}
}
