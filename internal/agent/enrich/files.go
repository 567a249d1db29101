package enrich

import (
	"path"
	"strings"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// File system magic numbers, from linux/magic.h.
const (
	magicTmpfs   = 0x01021994
	magicRamfs   = 0x858458f6
	magicOverlay = 0x794c7630
	magicBtrfs   = 0x9123683e
	magicHuge    = 0x958458f6
)

// mounts names file systems by their magic number.
var mounts = map[uint64]string{
	magicTmpfs: "tmpfs", magicRamfs: "ramfs", magicOverlay: "overlay", magicBtrfs: "btrfs", magicHuge: "hugetlbfs",
	0xef53: "ext4", 0x58465342: "xfs", 0x9fa0: "proc", 0x62656572: "sysfs", 0x6969: "nfs", 0x1cd1: "devpts",
	0x27e0eb: "cgroup", 0x63677270: "cgroup2", 0x65735546: "fuse", 0x64626720: "debugfs", 0x74726163: "tracefs",
	0x50495045: "pipefs", 0x534f434b: "sockfs", 0x73717368: "squashfs", 0x4d44: "vfat", 0x01021997: "9p",
	0x2fc12fc1: "zfs", 0xf2f52010: "f2fs", 0xcafe4a11: "bpf", 0x19800202: "mqueue", 0x6e736673: "nsfs",
	0x73636673: "securityfs", 0x09041934: "anon_inode", 0xff534d42: "cifs",
}

var inMemory = map[uint64]bool{magicTmpfs: true, magicRamfs: true, magicHuge: true}

func isMemfd(ref *sensor.FileRef) bool {
	name := strings.TrimPrefix(ref.Path, "/")
	return strings.HasPrefix(name, "memfd:") && inMemory[ref.Magic] && ref.Nlink == 0
}

// fileKey is the zero key where the record has no inode.
func (e *Enricher) fileKey(ref *sensor.FileRef) event.FileKey {
	if ref.Inode == 0 {
		return event.FileKey{}
	}
	return event.FileKey{Host: e.config.Host.ID, Device: ref.Device, Inode: ref.Inode, Gen: ref.Gen}
}

// temporary are the directories that anybody may write to.
var temporary = []string{"/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/", "/dev/mqueue/"}

func isTemporary(name string) bool {
	for _, dir := range temporary {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}

// Classes of sensitive and definition files.
const (
	credentials = "credentials"
	sshKey      = "ssh_key"
	cloudToken  = "cloud_credentials"
	podToken    = "service_token"
	definition  = "definition"
)

// sensitivePaths and sensitiveNames classify by whole path and by what a path
// ends in.
var (
	sensitivePaths = map[string]string{
		"/etc/shadow": credentials, "/etc/shadow-": credentials, "/etc/gshadow": credentials,
		"/etc/gshadow-": credentials, "/etc/sudoers": credentials, "/etc/krb5.keytab": credentials,
		"/etc/security/opasswd": credentials, "/etc/kubernetes/admin.conf": credentials,
		"/etc/ld.so.preload": definition, "/etc/crontab": definition, "/etc/profile": definition,
		"/etc/bash.bashrc": definition, "/etc/rc.local": definition, "/etc/environment": definition,
	}
	sensitiveEnds = []struct{ end, class string }{
		{"/.aws/credentials", cloudToken},
		{"/.azure/accessTokens.json", cloudToken},
		{"/.config/gcloud/credentials.db", cloudToken},
		{"/.config/gcloud/access_tokens.db", cloudToken},
		{"/application_default_credentials.json", cloudToken},
		{"/.kube/config", credentials},
		{"/.docker/config.json", credentials},
		{"/.git-credentials", credentials},
		{"/.netrc", credentials},
		{"/.pgpass", credentials},
		{"/.my.cnf", credentials},
		{"/.vault-token", credentials},
		{"/.ssh/authorized_keys", definition},
		{"/.bashrc", definition},
		{"/.bash_profile", definition},
		{"/.profile", definition},
		{"/.zshrc", definition},
		{"/.bash_login", definition},
	}
	sensitiveDirs = []struct{ dir, class string }{
		{"/var/run/secrets/kubernetes.io/", podToken},
		{"/run/secrets/kubernetes.io/", podToken},
		{"/etc/cron.", definition},
		{"/var/spool/cron/", definition},
		{"/etc/systemd/system/", definition},
		{"/etc/profile.d/", definition},
		{"/etc/sudoers.d/", credentials},
		{"/etc/init.d/", definition},
	}
)

// sensitive is the class of a watched file, "" for the others.
func sensitive(name string) string {
	if class := sensitivePaths[name]; class != "" {
		return class
	}
	for _, s := range sensitiveDirs {
		if strings.HasPrefix(name, s.dir) {
			return s.class
		}
	}
	for _, s := range sensitiveEnds {
		if strings.HasSuffix(name, s.end) {
			return s.class
		}
	}
	if class := keyClass(name); class != "" || !sensor.Defines(name) {
		return class
	}
	return definition
}

// keyClass recognises private keys of ssh by the names ssh gives them.
func keyClass(name string) string {
	base := path.Base(name)
	private := strings.HasPrefix(base, "id_") || strings.HasPrefix(base, "ssh_host_") && strings.HasSuffix(base, "_key")
	if private && !strings.HasSuffix(base, ".pub") && (strings.Contains(name, "/.ssh/") || strings.HasPrefix(name, "/etc/ssh/")) {
		return sshKey
	}
	return ""
}
