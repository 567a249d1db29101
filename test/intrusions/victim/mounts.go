package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// covers are directories that are this host's own, with their modes. They live
// in memory and are gone with the mount namespace.
var covers = []struct {
	path string
	mode uint32
}{
	{"/tmp", 0o1777},
	{"/var/tmp", 0o1777},
	{"/dev/shm", 0o1777},
	{"/run", 0o755},
	{"/root", 0o700},
	{"/home", 0o755},
	{"/opt", 0o755},
	{"/var/spool/cron", 0o755},
	{"/var/log", 0o755},
	{"/usr/local/bin", 0o755},
	{"/usr/local/sbin", 0o755},
	{"/mnt", 0o755},
}

// furnish gives this mount namespace its own copies of everything that may be
// changed: nothing that happens here is seen, or left, outside.
func furnish(work, files string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("part with the mounts of the machine: %w", err)
	}
	// Both before anything covers where they come from.
	if err := copied(work, "/etc", "/etc"); err != nil {
		return err
	}
	if err := copied(work, files, "/srv"); err != nil {
		return err
	}
	if err := devices(); err != nil {
		return err
	}
	for _, c := range covers {
		if err := unix.Mount("tmpfs", c.path, "tmpfs", 0, fmt.Sprintf("mode=%o,size=64m", c.mode)); err != nil {
			return fmt.Errorf("cover %s: %w", c.path, err)
		}
	}
	return settle()
}

// nodes are the devices of the host, by their numbers.
var nodes = []struct {
	name         string
	major, minor uint32
}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}}

// devices covers those of the machine, whose daemons listen among them.
func devices() error {
	if err := unix.Mount("tmpfs", "/dev", "tmpfs", 0, "mode=755,size=1m"); err != nil {
		return fmt.Errorf("cover /dev: %w", err)
	}
	for _, n := range nodes {
		name := "/dev/" + n.name
		if err := unix.Mknod(name, unix.S_IFCHR|0o666, int(unix.Mkdev(n.major, n.minor))); err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
		if err := os.Chmod(name, 0o666); err != nil {
			return err
		}
	}
	for name, to := range map[string]string{"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"} {
		if err := os.Symlink(to, "/dev/"+name); err != nil {
			return err
		}
	}
	return os.Mkdir("/dev/shm", 0o1777)
}

// copied puts a copy of a directory over another one.
func copied(work, from, to string) error {
	if err := unix.Mount("tmpfs", work, "tmpfs", 0, "mode=755,size=128m"); err != nil {
		return fmt.Errorf("mount a copy of %s: %w", from, err)
	}
	if out, err := exec.Command("cp", "-a", from+"/.", work).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	if err := unix.Mount(work, to, "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("cover %s: %w", to, err)
	}
	return nil
}

// jobs of the machine are none of this host's.
var jobs = []string{"/etc/crontab", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/profile.d"}

// settle makes the files that a host has.
func settle() error {
	for _, name := range jobs {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	dirs := []string{"/run/sshd", "/run/lock", "/root/.ssh", "/etc/systemd/system", "/var/spool/cron/crontabs", "/opt/app", "/etc/cron.d", "/etc/profile.d"}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	script := "chown root:crontab /var/spool/cron/crontabs && chmod 1730 /var/spool/cron/crontabs && chmod 700 /root/.ssh && cp /etc/skel/.bashrc /etc/skel/.profile /root/" +
		" && sed -i 's/^root:[^:]*:/root:*:/' /etc/shadow"
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		return fmt.Errorf("settle: %w: %s", err, out)
	}
	return write(map[string]string{
		"/etc/crontab":              "SHELL=/bin/sh\n",
		"/etc/resolv.conf":          "nameserver 203.0.113.53\n",
		"/etc/ssh/sshd_config":      strings.Join(sshd, "\n") + "\n",
		"/root/.ssh/known_hosts":    "",
		"/root/.aws/credentials":    "[default]\naws_access_key_id = none\n",
		"/var/log/shop.log":         "",
		"/opt/app/version":          "1\n",
		"/etc/profile.d/shop.sh":    "export SHOP=1\n",
		"/var/spool/cron/.settled":  "",
		"/etc/cron.d/.placeholder":  "",
		"/root/.ssh/config":         "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\nBatchMode yes\n",
		"/run/lock/.settled":        "",
		"/etc/systemd/system/.keep": "",
	})
}

// sshd is its configuration.
var sshd = []string{
	"HostKey /srv/keys/host", "PermitRootLogin prohibit-password", "StrictModes no", "PasswordAuthentication no", "UsePAM no", "PidFile none",
	"AuthorizedKeysFile .ssh/authorized_keys", "AcceptEnv LANG", "PrintMotd no", "PrintLastLog no",
}

func write(files map[string]string) error {
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod("/etc/resolv.conf", 0o644)
}
