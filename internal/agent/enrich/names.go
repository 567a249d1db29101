package enrich

import (
	"golang.org/x/sys/unix"

	"baize/internal/agent/sensor"
)

// What the kernel's headers call requests (linux/ptrace.h, sched.h, prctl.h,
// seccomp.h, bpf.h, mount.h, capability.h, panic.h), in lower case.

var ptraceRequests = map[uint32]string{
	unix.PTRACE_POKETEXT: "poketext", unix.PTRACE_POKEDATA: "pokedata", unix.PTRACE_POKEUSR: "pokeusr",
	// PTRACE_SETREGS, which arm64 lacks.
	13:                 "setregs",
	unix.PTRACE_ATTACH: "attach", unix.PTRACE_SETREGSET: "setregset", unix.PTRACE_SEIZE: "seize",
	sensor.RequestVMWrite: "process_vm_writev", sensor.RequestGetFD: "pidfd_getfd",
}

var namespaceRequests = map[uint32]string{
	sensor.NamespaceUnshare: "unshare", sensor.NamespaceSetns: "setns", sensor.NamespaceClone: "clone",
}

// cloneFlags are namespaces by the bit of their flag, with the names they have
// under /proc/PID/ns.
var cloneFlags = []string{7: "time", 17: "mnt", 25: "cgroup", 26: "uts", 27: "ipc", 28: "user", 29: "pid", 30: "net"}

var mountRequests = map[uint32]string{
	sensor.MountMove: "move", sensor.MountPivot: "pivot_root", sensor.MountUmount: "umount",
}

var mountFlags = []string{
	0: "ro", 1: "nosuid", 2: "nodev", 3: "noexec", 4: "sync", 5: "remount", 6: "mand", 7: "dirsync", 8: "nosymfollow",
	10: "noatime", 11: "nodiratime", 12: "bind", 13: "move", 14: "rec", 15: "silent", 16: "posixacl",
	17: "unbindable", 18: "private", 19: "slave", 20: "shared", 21: "relatime", 23: "i_version", 24: "strictatime",
	25: "lazytime",
}

var prctlOptions = map[uint32]string{
	unix.PR_SET_DUMPABLE: "pr_set_dumpable", unix.PR_SET_KEEPCAPS: "pr_set_keepcaps",
	unix.PR_SET_SECCOMP: "pr_set_seccomp", unix.PR_SET_SECUREBITS: "pr_set_securebits",
	unix.PR_SET_MM: "pr_set_mm", unix.PR_CAP_AMBIENT: "pr_cap_ambient", unix.PR_SET_PTRACER: "pr_set_ptracer",
}

// memoryOptions are what pr_set_mm changes.
var memoryOptions = map[uint32]string{
	unix.PR_SET_MM_ARG_START: "arg_start", unix.PR_SET_MM_ARG_END: "arg_end", unix.PR_SET_MM_ENV_START: "env_start",
	unix.PR_SET_MM_ENV_END: "env_end", unix.PR_SET_MM_EXE_FILE: "exe_file", unix.PR_SET_MM_MAP: "map",
}

var secureBits = []string{
	"noroot", "noroot_locked", "no_setuid_fixup", "no_setuid_fixup_locked", "keep_caps", "keep_caps_locked",
	"no_cap_ambient_raise", "no_cap_ambient_raise_locked",
}

var seccompModes = map[uint32]string{0: "strict", 1: "filter"}

var seccompFlags = []string{"tsync", "log", "spec_allow", "new_listener", "tsync_esrch", "wait_killable_recv"}

var moduleRequests = map[uint32]string{sensor.ModuleLoad: "load", sensor.ModuleUnload: "unload"}

// taints are those that loading a module can add, by bit.
var taints = []string{
	0: "proprietary", 1: "forced", 10: "staging", 12: "out_of_tree", 13: "unsigned", 15: "livepatch", 18: "test",
}

var kexecRequests = map[uint32]string{sensor.KexecLoad: "kexec_load", sensor.KexecFileLoad: "kexec_file_load"}

var bpfCommands = map[uint32]string{
	unix.BPF_PROG_LOAD: "prog_load", unix.BPF_PROG_ATTACH: "prog_attach",
	unix.BPF_RAW_TRACEPOINT_OPEN: "raw_tracepoint_open", unix.BPF_LINK_CREATE: "link_create",
	unix.BPF_PROG_DETACH: "prog_detach", unix.BPF_LINK_UPDATE: "link_update", unix.BPF_LINK_DETACH: "link_detach",
	unix.BPF_MAP_GET_FD_BY_ID: "map_get_fd_by_id",
}

var bpfTypes = map[uint32]string{
	1: "socket_filter", 2: "kprobe", 3: "sched_cls", 4: "sched_act", 5: "tracepoint", 6: "xdp", 7: "perf_event",
	8: "cgroup_skb", 9: "cgroup_sock", 10: "lwt_in", 11: "lwt_out", 12: "lwt_xmit", 13: "sock_ops", 14: "sk_skb",
	15: "cgroup_device", 16: "sk_msg", 17: "raw_tracepoint", 18: "cgroup_sock_addr", 19: "lwt_seg6local",
	20: "lirc_mode2", 21: "sk_reuseport", 22: "flow_dissector", 23: "cgroup_sysctl", 24: "raw_tracepoint_writable",
	25: "cgroup_sockopt", 26: "tracing", 27: "struct_ops", 28: "ext", 29: "lsm", 30: "sk_lookup", 31: "syscall",
	32: "netfilter",
}

var socketTypes = map[uint32]string{
	unix.SOCK_STREAM: "stream", unix.SOCK_DGRAM: "dgram", unix.SOCK_RAW: "raw", unix.SOCK_PACKET: "packet",
}

// capabilities by number, as of CAP_CHECKPOINT_RESTORE.
var capabilities = []string{
	"cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner", "cap_fsetid", "cap_kill", "cap_setgid",
	"cap_setuid", "cap_setpcap", "cap_linux_immutable", "cap_net_bind_service", "cap_net_broadcast", "cap_net_admin",
	"cap_net_raw", "cap_ipc_lock", "cap_ipc_owner", "cap_sys_module", "cap_sys_rawio", "cap_sys_chroot",
	"cap_sys_ptrace", "cap_sys_pacct", "cap_sys_admin", "cap_sys_boot", "cap_sys_nice", "cap_sys_resource",
	"cap_sys_time", "cap_sys_tty_config", "cap_mknod", "cap_lease", "cap_audit_write", "cap_audit_control",
	"cap_setfcap", "cap_mac_override", "cap_mac_admin", "cap_syslog", "cap_wake_alarm", "cap_block_suspend",
	"cap_audit_read", "cap_perfmon", "cap_bpf", "cap_checkpoint_restore",
}
