package sensor

import (
	"fmt"
	"path"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Watch makes opens of some files records. Everything else is opened unseen:
// these exist for rules and for tying a job to its author.
type Watch struct {
	// Class is what Record.File.Watch says.
	Class string
	// Pattern is an absolute path of path.Match parts; a leading "**/" stands
	// for any directories. The last part, or else the one before it (or, if
	// that is "*.d", the one before that), must be without wildcards: the kernel
	// sifts by it. That of a socket may also be a name up to its only dot, and "*".
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
	// WatchRuntime are the sockets of container runtimes: who may speak to them
	// owns the host.
	WatchRuntime = "runtime_socket"
	// WatchSSHAgent are the sockets of ssh agents: who may speak to one uses its
	// keys without having them.
	WatchSSHAgent = "ssh_agent"
	// WatchSetting are settings of the kernel that make it run or allow something;
	// only opens for writing are reported.
	WatchSetting = "kernel_setting"
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
	{WatchDefinition, "/etc/modprobe.d/*"},
	{WatchDefinition, "/etc/systemd/system/*.d/*"},
	{WatchDefinition, "/etc/systemd/user/*.d/*"},
	{WatchDefinition, "/run/systemd/system/*.d/*"},
	{WatchDefinition, "/usr/lib/systemd/system/*.d/*"},
	{WatchDefinition, "**/.config/systemd/user/*.d/*"},
	{WatchDefinition, "/etc/systemd/system-generators/*"},
	{WatchDefinition, "/lib/systemd/system/*"},
	{WatchDefinition, "/etc/rc.d/*"},
	{WatchDefinition, "/etc/inittab"},
	{WatchDefinition, "/etc/update-motd.d/*"},
	{WatchDefinition, "/etc/xdg/autostart/*"},
	{WatchDefinition, "**/.config/autostart/*"},
	{WatchDefinition, "/etc/apt/apt.conf.d/*"},
	{WatchDefinition, "/etc/zsh/zshrc"},
	{WatchDefinition, "/etc/zsh/zshenv"},
	{WatchDefinition, "**/.config/fish/config.fish"},
	{WatchRuntime, "**/docker.sock"},
	{WatchRuntime, "**/containerd.sock"},
	{WatchRuntime, "**/containerd.sock.ttrpc"},
	{WatchRuntime, "**/crio.sock"},
	{WatchRuntime, "**/podman.sock"},
	{WatchRuntime, "**/buildkitd.sock"},
	{WatchSSHAgent, "**/ssh-*/agent.*"},
	{WatchSSHAgent, "**/.ssh/agent/s.*"},
	{WatchSSHAgent, "**/ssh-agent.socket"},
	{WatchSSHAgent, "**/keyring/ssh"},
	{WatchSSHAgent, "**/keyring/.ssh"},
	{WatchSSHAgent, "**/gcr/ssh"},
	{WatchSSHAgent, "**/S.gpg-agent.ssh"},
	{WatchSetting, "/proc/sys/kernel/core_pattern"},
	{WatchSetting, "/proc/sys/kernel/modprobe"},
	{WatchSetting, "/proc/sys/kernel/modules_disabled"},
	{WatchSetting, "/proc/sys/kernel/randomize_va_space"},
	{WatchSetting, "/proc/sys/kernel/kptr_restrict"},
	{WatchSetting, "/proc/sys/kernel/dmesg_restrict"},
	{WatchSetting, "/proc/sys/kernel/unprivileged_bpf_disabled"},
	{WatchSetting, "/proc/sys/kernel/ftrace_enabled"},
	{WatchSetting, "/proc/sys/kernel/yama/ptrace_scope"},
	{WatchSetting, "/proc/sys/fs/suid_dumpable"},
	{WatchSetting, "/proc/sys/fs/binfmt_misc/register"},
	{WatchSetting, "/proc/sys/net/ipv4/ip_forward"},
	{WatchSetting, "/proc/sysrq-trigger"},
	{WatchSetting, "**/release_agent"},
	{WatchSetting, "/sys/kernel/uevent_helper"},
	{WatchSetting, "/sys/kernel/mm/ksm/run"},
	{WatchSetting, "/sys/fs/selinux/enforce"},
}

// watchKey is struct watch_key of bpf/fileop.h.
type watchKey struct {
	Parent uint32
	Name   [32]byte
}

// Values of enum watch_place of bpf/fileop.h.
const (
	watchParent = iota + 1
	watchAbove
	watchSocket
)

// key is what the kernel sifts a pattern by.
func (w Watch) key() (watchKey, error) {
	dir, leaf := path.Split(w.Pattern)
	k := watchKey{}
	switch {
	case w.Class == WatchRuntime, w.Class == WatchSSHAgent:
		k.Parent = watchSocket
		if name, found := strings.CutSuffix(leaf, "*"); found && strings.Index(name, ".") == len(name)-1 {
			leaf = name
		}
	case wild(leaf) && strings.HasSuffix(dir, "*.d/"):
		leaf, k.Parent = path.Base(path.Dir(path.Clean(dir))), watchAbove
	case wild(leaf):
		leaf, k.Parent = path.Base(dir), watchParent
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

// usual is where the kernel's own file systems are mounted, by s_magic: what is
// watched there is watched wherever else they are, as the host's in a container.
var usual = map[uint64]string{
	unix.PROC_SUPER_MAGIC: "/proc", unix.SYSFS_MAGIC: "/sys", unix.SELINUX_MAGIC: "/sys/fs/selinux",
	unix.BINFMTFS_MAGIC: "/proc/sys/fs/binfmt_misc",
}

// watchOf finds the class of a file by its path, by that in its own file system,
// or by the one that it has in the usual place.
func watchOf(list []Watch, f *File) string {
	if class := classify(list, f.Path); class != "" {
		f.Origin = "" // the path says it already
		return class
	}
	if home := usual[f.Magic]; home != "" {
		for i, c := range f.Path {
			if c != '/' {
				continue
			}
			if class := classify(list, home+f.Path[i:]); class != "" {
				return class
			}
		}
	}
	if f.Origin == "" {
		return ""
	}
	return classify(list, f.Origin)
}
