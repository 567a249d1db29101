package sensor

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
)

// Watch makes opens of some files records. Everything else is opened unseen:
// these exist for rules and for tying a job to its author.
type Watch struct {
	// Class is what Record.File.Watch says.
	Class string
	// Pattern is an absolute path of path.Match parts; a leading "**/" stands
	// for any directories. The last part, or else the one before it, must be
	// without wildcards: the kernel sifts by it.
	Pattern string
}

// Classes of watches.
const (
	WatchCredentials = "credentials"
	WatchSSHKey      = "ssh_key"
	WatchCloud       = "cloud_credentials"
	WatchToken       = "service_token"
	WatchHistory     = "history"
	WatchMemory      = "process_memory"
	WatchDefinition  = "definition"
)

// Watches are the files watched by default.
var Watches = []Watch{
	{WatchCredentials, "/etc/shadow"},
	{WatchCredentials, "/etc/shadow-"},
	{WatchCredentials, "/etc/gshadow"},
	{WatchCredentials, "/etc/gshadow-"},
	{WatchCredentials, "/etc/sudoers"},
	{WatchCredentials, "/etc/sudoers.d/*"},
	{WatchCredentials, "/etc/security/opasswd"},
	{WatchCredentials, "/etc/krb5.keytab"},
	{WatchCredentials, "**/.netrc"},
	{WatchCredentials, "**/.pgpass"},
	{WatchCredentials, "**/.my.cnf"},
	{WatchCredentials, "**/.git-credentials"},
	{WatchCredentials, "**/.docker/config.json"},
	{WatchCredentials, "**/.gnupg/private-keys-v1.d/*"},
	{WatchSSHKey, "/etc/ssh/ssh_host_rsa_key"},
	{WatchSSHKey, "/etc/ssh/ssh_host_ecdsa_key"},
	{WatchSSHKey, "/etc/ssh/ssh_host_ed25519_key"},
	{WatchSSHKey, "**/id_rsa"},
	{WatchSSHKey, "**/id_dsa"},
	{WatchSSHKey, "**/id_ecdsa"},
	{WatchSSHKey, "**/id_ecdsa_sk"},
	{WatchSSHKey, "**/id_ed25519"},
	{WatchSSHKey, "**/id_ed25519_sk"},
	{WatchCloud, "**/.aws/credentials"},
	{WatchCloud, "**/.aws/sso/cache/*"},
	{WatchCloud, "**/.azure/msal_token_cache.json"},
	{WatchCloud, "**/.azure/accessTokens.json"},
	{WatchCloud, "**/gcloud/credentials.db"},
	{WatchCloud, "**/gcloud/access_tokens.db"},
	{WatchCloud, "**/application_default_credentials.json"},
	{WatchCloud, "**/.oci/config"},
	{WatchCloud, "**/.aliyun/config.json"},
	{WatchCredentials, "**/.kube/config"},
	{WatchCredentials, "/etc/kubernetes/admin.conf"},
	{WatchCredentials, "/etc/kubernetes/kubelet.conf"},
	{WatchToken, "**/kubernetes.io/serviceaccount/token"},
	{WatchToken, "**/kubernetes.io/serviceaccount/*/token"},
	{WatchCredentials, "**/.vault-token"},
	{WatchHistory, "**/.bash_history"},
	{WatchHistory, "**/.zsh_history"},
	{WatchHistory, "**/.ash_history"},
	{WatchHistory, "**/.mysql_history"},
	{WatchHistory, "**/.psql_history"},
	{WatchMemory, "/proc/*/environ"},
	{WatchMemory, "/proc/*/mem"},
	{WatchMemory, "/proc/*/task/*/mem"},
	{WatchDefinition, "/etc/crontab"},
	{WatchDefinition, "/etc/anacrontab"},
	{WatchDefinition, "/etc/cron.d/*"},
	{WatchDefinition, "/etc/cron.hourly/*"},
	{WatchDefinition, "/etc/cron.daily/*"},
	{WatchDefinition, "/etc/cron.weekly/*"},
	{WatchDefinition, "/etc/cron.monthly/*"},
	{WatchDefinition, "/var/spool/cron/*"},
	{WatchDefinition, "/var/spool/cron/crontabs/*"},
	{WatchDefinition, "/etc/systemd/system/*"},
	{WatchDefinition, "/etc/systemd/user/*"},
	{WatchDefinition, "/run/systemd/system/*"},
	{WatchDefinition, "/usr/lib/systemd/system/*"},
	{WatchDefinition, "/usr/local/lib/systemd/system/*"},
	{WatchDefinition, "**/.config/systemd/user/*"},
	{WatchDefinition, "/etc/init.d/*"},
	{WatchDefinition, "/etc/rc.local"},
	{WatchDefinition, "/etc/profile"},
	{WatchDefinition, "/etc/profile.d/*"},
	{WatchDefinition, "/etc/bash.bashrc"},
	{WatchDefinition, "/etc/environment"},
	{WatchDefinition, "**/.bashrc"},
	{WatchDefinition, "**/.bash_profile"},
	{WatchDefinition, "**/.bash_login"},
	{WatchDefinition, "**/.bash_logout"},
	{WatchDefinition, "**/.profile"},
	{WatchDefinition, "**/.zshrc"},
	{WatchDefinition, "**/.zshenv"},
	{WatchDefinition, "/etc/ld.so.preload"},
	{WatchDefinition, "/etc/ld.so.conf.d/*"},
	{WatchDefinition, "**/.ssh/authorized_keys"},
	{WatchDefinition, "**/.ssh/authorized_keys2"},
	{WatchDefinition, "**/.ssh/rc"},
	{WatchDefinition, "/etc/ssh/sshd_config"},
	{WatchDefinition, "/etc/ssh/sshd_config.d/*"},
	{WatchDefinition, "/etc/pam.d/*"},
	{WatchDefinition, "/etc/udev/rules.d/*"},
	{WatchDefinition, "/etc/modules-load.d/*"},
}

// watchKey is struct watch_key of bpf/fileop.h.
type watchKey struct {
	Parent uint32
	Name   [32]byte
}

// key is what the kernel sifts a pattern by.
func (w Watch) key() (watchKey, error) {
	dir, leaf := path.Split(w.Pattern)
	k := watchKey{}
	if wild(leaf) {
		leaf, k.Parent = path.Base(dir), 1
	}
	if wild(leaf) || leaf == "/" || leaf == "" {
		return k, fmt.Errorf("watch %q: no name to sift by", w.Pattern)
	}
	// The kernel reads as much, and the NUL.
	copy(k.Name[:len(k.Name)-1], leaf)
	return k, nil
}

func wild(s string) bool { return strings.ContainsAny(s, "*?[") }

// pushWatches gives the kernel the names.
func pushWatches(table *ebpf.Map, list []Watch) error {
	for _, w := range list {
		k, err := w.key()
		if err != nil {
			return err
		}
		if err := table.Put(k, uint32(1)); err != nil {
			return fmt.Errorf("watch %q: %w", w.Pattern, err)
		}
	}
	return nil
}

// classify finds the class of a path, "" if nothing watches it.
func classify(list []Watch, name string) string {
	for _, w := range list {
		if matches(w.Pattern, name) {
			return w.Class
		}
	}
	return ""
}

// matches tells whether a pattern covers a path.
func matches(pattern, name string) bool {
	if tail, ok := strings.CutPrefix(pattern, "**/"); ok {
		parts := strings.Count(tail, "/") + 1
		for i := len(name) - 1; i >= 0; i-- {
			if name[i] != '/' {
				continue
			}
			if parts--; parts == 0 {
				ok, err := path.Match(tail, name[i+1:])
				return ok && err == nil
			}
		}
		return false
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// own tells whether the path is the task's own entry in /proc, which it may
// read as it likes.
func ownEntry(t *Task, name string) bool {
	rest, ok := strings.CutPrefix(name, "/proc/")
	if !ok {
		return false
	}
	pid, _, _ := strings.Cut(rest, "/")
	n, err := strconv.ParseUint(pid, 10, 32)
	return err == nil && uint32(n) == t.NamespacePID
}
