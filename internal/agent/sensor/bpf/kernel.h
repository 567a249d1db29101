// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// The parts of the kernel's types that the sensor reads. Offsets are relocated
// at load time from the running kernel's BTF (preserve_access_index), so only
// names matter here, not order, and nothing else of the kernel's headers does.
#ifndef BAIZE_KERNEL_H
#define BAIZE_KERNEL_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef _Bool bool;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
#define true 1
#define false 0
#define NULL ((void *)0)

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_SK_STORAGE_GET_F_CREATE = 1,
};

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct { s32 counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;
typedef struct { u64 val; } kernel_cap_t;
struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };
struct hlist_bl_node { struct hlist_bl_node *next, **pprev; };

struct qstr { u64 hash_len; const unsigned char *name; };
struct super_block { u32 s_dev; unsigned long s_magic; };
struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	const unsigned int i_nlink;
	u32 i_rdev;
	s64 i_size;
	u32 i_generation;
	void *i_private;
};
struct dentry {
	unsigned int d_flags;
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};
struct vfsmount { struct dentry *mnt_root; };
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct file {
	unsigned int f_mode;
	void *private_data;
	struct inode *f_inode;
	unsigned int f_flags;
	struct path f_path;
};
struct fdtable { unsigned int max_fds; struct file **fd; };
struct files_struct { struct fdtable *fdt; };
struct fs_struct { struct path root, pwd; };

struct proc_ns_operations { const char *name; };
struct ns_common { const struct proc_ns_operations *ops; unsigned int inum; };
struct mnt_namespace { struct ns_common ns; };
struct net { struct ns_common ns; };
struct pid_namespace { struct ns_common ns; };
struct uts_namespace;
struct ipc_namespace;
struct cgroup_namespace;
struct time_namespace;
struct user_namespace { int level; };
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns_for_children;
	struct cgroup_namespace *cgroup_ns;
};
struct upid { int nr; struct pid_namespace *ns; };
struct pid { unsigned int level; struct hlist_head tasks[1]; struct upid numbers[1]; };
struct proc_inode { struct pid *pid; struct inode vfs_inode; };

struct cred {
	kuid_t uid, euid, fsuid;
	kgid_t gid, egid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};
struct tty_struct { char name[64]; };
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct tty_struct *tty;
};
struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
};
struct kernfs_node { u64 id; };
struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[1];
};
// cgroup___old is struct cgroup before 6.1.
struct cgroup___old { u64 ancestor_ids[1]; };
struct css_set { struct cgroup *dfl_cgrp; };

struct thread_info { unsigned long flags; u32 status; };
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int exit_code;
	unsigned in_execve : 1;
	int pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct list_head ptraced, ptrace_entry;
	struct pid *thread_pid;
	struct hlist_node pid_links[1];
	u64 start_boottime;
	const struct cred *real_cred, *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct css_set *cgroups;
	kuid_t loginuid;
	unsigned int sessionid;
};
struct kernel_siginfo { int si_code; };
enum bpf_prog_type { BPF_PROG_TYPE_UNSPEC };
struct bpf_prog_aux { char name[16]; };
struct bpf_prog { enum bpf_prog_type type; struct bpf_prog_aux *aux; };
struct bpf_link { u32 id; struct bpf_prog *prog; };
struct bpf_map { u32 id; };
struct linux_binprm {
	struct file *file;
	const char *filename, *interp, *fdpath;
	char buf[256];
};

struct in6_addr { u8 s6_addr[16]; };
typedef struct { struct net *net; } possible_net_t;
struct sock_common {
	__be32 skc_daddr, skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	unsigned long skc_flags;
};
struct sock {
	struct sock_common __sk_common;
	u16 sk_type, sk_protocol;
	int sk_err;
};
struct inet_sock { struct sock sk; __be32 inet_saddr; __be16 inet_sport; };
struct tcp_sock { u64 bytes_sent, bytes_retrans, bytes_acked, bytes_received; };
struct mptcp_sock { struct sock *first; };
struct socket { struct sock *sk; };
struct unix_sock { struct path path; struct sock *peer; };

// Requests of io_uring, after the kernel took the caller's names in.
struct filename { const char *name; };
struct io_kiocb { u8 opcode; u64 flags; struct { s32 res; } cqe; };
struct open_how { u64 flags; };
struct open_flags { int open_flag; };
struct renamedata { struct dentry *old_dentry; };
struct io_open { int dfd; struct filename *filename; struct open_how how; };
struct io_unlink { int dfd; struct filename *filename; };
struct io_mkdir { int dfd; struct filename *filename; };
struct io_rename { int old_dfd, new_dfd; struct filename *oldpath, *newpath; };
struct io_link { int old_dfd, new_dfd; struct filename *oldpath, *newpath; };
// Since 7.0 each name is in a struct of its own.
struct delayed_filename { struct filename *__incomplete_filename; };
struct io_open___delayed { struct delayed_filename filename; };
struct io_unlink___delayed { struct delayed_filename filename; };
struct io_mkdir___delayed { struct delayed_filename filename; };
struct io_rename___delayed { struct delayed_filename oldpath, newpath; };
struct io_link___delayed { struct delayed_filename oldpath, newpath; };

#if defined(__TARGET_ARCH_x86)
struct pt_regs { unsigned long r10, r9, r8, dx, si, di, orig_ax, ax, bx, cx; };
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs { u64 regs[31]; };
struct pt_regs { u64 regs[31]; u64 orig_x0; s32 syscallno; };
#endif

struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; };
#pragma clang attribute pop

struct bpf_sock {
	__u32 bound_dev_if, family, type, protocol, mark, priority, src_ip4, src_ip6[4];
	__u32 src_port;
	__be16 dst_port;
	__u16 : 16;
	__u32 dst_ip4, dst_ip6[4], state;
	__s32 rx_queue_mapping;
};
// The context types below are user ABI (linux/bpf.h): fixed, not relocated.
struct bpf_sock_addr {
	__u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol;
	__u32 msg_src_ip4, msg_src_ip6[4];
	__u64 sk;
};
struct __sk_buff {
	__u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci;
	__u32 vlan_proto, priority, ingress_ifindex, ifindex, tc_index, cb[5], hash;
	__u32 tc_classid, data, data_end, napi_id, family, remote_ip4, local_ip4;
	__u32 remote_ip6[4], local_ip6[4], remote_port, local_port, data_meta;
	__u64 flow_keys, tstamp;
	__u32 wire_len, gso_segs;
	__u64 sk;
};
// A syscalls:sys_exit_* record as its format file in tracefs gives it.
struct sys_exit { __u64 common; int nr; int pad; long ret; };
// module:module_load and module:module_free likewise. The name is at the lower
// half of its location.
struct module_load { __u64 common; __u32 taints, name; };
struct module_free { __u64 common; __u32 name; };

#endif
