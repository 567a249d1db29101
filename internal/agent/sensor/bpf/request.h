// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// What is asked of the kernel besides files and conversations: namespaces,
// mounts, limits on itself, modules, BPF programs, another kernel.
#ifndef BAIZE_REQUEST_H
#define BAIZE_REQUEST_H

#define CLONE_NEW                                                                               \
	(CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)
#define NSFS_MAGIC 0x6e736673

// asked starts a record of the current task; NULL if it is none of ours.
static __always_inline struct scratch *asked_kernel(struct task_struct *t, u16 kind, u64 request)
{
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s || !in_scope(t))
		return NULL;
	if (for_rules(kind) && !admitted(t, kind, kind == KIND_SOCKET ? CLASS_NETWORK : CLASS_KERNEL))
		return NULL;
	struct record *r = begin(s, kind);
	fill_task(&r->task, t);
	put_number(s, NUMBER_REQUEST, request);
	return s;
}

SEC("tracepoint/syscalls/sys_exit_unshare")
int on_unshare(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	u64 flags = arg(registers(t), 0) & CLONE_NEW;
	if (ctx->ret < 0 || !flags)
		return 0;
	struct scratch *s = asked_kernel(t, KIND_NAMESPACE, NAMESPACE_UNSHARE);
	if (!s)
		return 0;
	put_number(s, NUMBER_FLAGS, flags);
	submit(s, CLASS_KERNEL);
	return 0;
}

// on_setns names the namespaces that were entered: those asked for, or the one
// that the descriptor stands for.
SEC("tracepoint/syscalls/sys_exit_setns")
int on_setns(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	if (ctx->ret < 0)
		return 0;
	struct pt_regs *r = registers(t);
	struct scratch *s = asked_kernel(t, KIND_NAMESPACE, NAMESPACE_SETNS);
	if (!s)
		return 0;
	put_number(s, NUMBER_FLAGS, arg(r, 1) & CLONE_NEW);
	struct file *f = file_of(t, arg(r, 0));
	struct inode *inode = f ? BPF_CORE_READ(f, f_inode) : NULL;
	if (inode && BPF_CORE_READ(inode, i_sb, s_magic) == NSFS_MAGIC) {
		struct ns_common *ns = BPF_CORE_READ(inode, i_private);
		put_string(s, STRING_TYPE, BPF_CORE_READ(ns, ops, name), 32, false);
	}
	submit(s, CLASS_KERNEL);
	return 0;
}

// on_mount hurries: until the reader has marked the new file system, fanotify
// does not see what is written there. Its cookie is read as that of on_path,
// with the request in the place of the change.
SEC("tracepoint/syscalls/sys_exit_mount")
int on_mount(struct sys_exit *ctx)
{
	if (ctx->ret < 0)
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	u64 c = bpf_get_attach_cookie(ctx);
	struct scratch *s = asked_kernel(t, KIND_MOUNT, COOKIE_CHANGE(c));
	if (!s)
		return 0;
	put_paths(s, t, c);
	submit_to(&ring, s, CLASS_KERNEL, BPF_RB_FORCE_WAKEUP);
	return 0;
}

#define PR_SET_DUMPABLE 4
#define PR_SET_KEEPCAPS 8
#define PR_SET_SECCOMP 22
#define PR_SET_SECUREBITS 28
#define PR_SET_MM 35
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_RAISE 2
#define PR_SET_PTRACER 0x59616d61

// notable tells the requests that change what others may see or do of the
// process, or what it keeps when it changes its user.
static __always_inline bool notable(u64 option, u64 value)
{
	switch (option) {
	case PR_SET_MM:
	case PR_SET_SECCOMP:
	case PR_SET_SECUREBITS:
	case PR_SET_PTRACER:
		return true;
	case PR_SET_DUMPABLE:
		return value == 0;
	case PR_SET_KEEPCAPS:
		return value == 1;
	case PR_CAP_AMBIENT:
		return value == PR_CAP_AMBIENT_RAISE;
	}
	return false;
}

SEC("tracepoint/syscalls/sys_exit_prctl")
int on_prctl(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct pt_regs *r = registers(t);
	u32 option = arg(r, 0);
	if (ctx->ret < 0 || !notable(option, arg(r, 1)))
		return 0;
	struct scratch *s = asked_kernel(t, KIND_CONTROL, CONTROL_PRCTL);
	if (!s)
		return 0;
	put_number(s, NUMBER_CODE, option);
	put_number(s, NUMBER_FLAGS, arg(r, 1));
	submit(s, CLASS_KERNEL);
	return 0;
}

#define SECCOMP_SET_MODE_FILTER 1

SEC("tracepoint/syscalls/sys_exit_seccomp")
int on_seccomp(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct pt_regs *r = registers(t);
	u32 mode = arg(r, 0);
	if (ctx->ret < 0 || mode > SECCOMP_SET_MODE_FILTER)
		return 0;
	struct scratch *s = asked_kernel(t, KIND_CONTROL, CONTROL_SECCOMP);
	if (!s)
		return 0;
	put_number(s, NUMBER_CODE, mode);
	put_number(s, NUMBER_FLAGS, arg(r, 1));
	submit(s, CLASS_KERNEL);
	return 0;
}

// Commands of bpf(2).
#define BPF_PROG_LOAD 5
#define BPF_PROG_ATTACH 8
#define BPF_PROG_DETACH 9
#define BPF_MAP_GET_FD_BY_ID 14
#define BPF_RAW_TRACEPOINT_OPEN 17
#define BPF_LINK_CREATE 28
#define BPF_LINK_UPDATE 29
#define BPF_LINK_DETACH 34
#define FMODE_WRITE 2

// ours are the maps and links of the sensor, by what they are and their id: who
// changes one of them blinds it.
enum { OUR_MAP = 1, OUR_LINK };
struct our { u32 what, id; };
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct our);
	__type(value, u32);
} ours SEC(".maps");

static __always_inline bool is_ours(u32 what, u32 id)
{
	struct our key = {.what = what, .id = id};
	return bpf_map_lookup_elem(&ours, &key) != NULL;
}

// given_file is the file behind one of the descriptors that a bpf call gave.
static __always_inline struct file *given_file(struct task_struct *t, u32 n)
{
	u32 attr[2];  // target_fd and attach_bpf_fd, or link_fd
	if (bpf_probe_read_user(attr, sizeof(attr), (void *)arg(registers(t), 1)))
		return NULL;
	return file_of(t, attr[n & 1]);
}

// of_ours tells whether a bpf call got hold of what is the sensor's, or changed it.
static __always_inline bool of_ours(struct task_struct *t, u32 command, long ret)
{
	struct file *f;
	if (command == BPF_MAP_GET_FD_BY_ID) {
		f = file_of(t, ret);
		if (!f || !(BPF_CORE_READ(f, f_mode) & FMODE_WRITE))
			return false;
		struct bpf_map *map = BPF_CORE_READ(f, private_data);
		return is_ours(OUR_MAP, BPF_CORE_READ(map, id));
	}
	if (command != BPF_LINK_UPDATE && command != BPF_LINK_DETACH)
		return false;
	f = given_file(t, 0);
	struct bpf_link *link = f ? BPF_CORE_READ(f, private_data) : NULL;
	return link && is_ours(OUR_LINK, BPF_CORE_READ(link, id));
}

// program is what a bpf call was about, from the descriptor that it gave or, for
// an attachment without one, from the caller's own.
static __always_inline struct bpf_prog *program(struct task_struct *t, u32 command, long ret)
{
	struct bpf_link *link;
	struct file *f;
	switch (command) {
	case BPF_MAP_GET_FD_BY_ID:
		return NULL;
	case BPF_LINK_UPDATE:
	case BPF_LINK_DETACH:
		f = given_file(t, 0);
		link = f ? BPF_CORE_READ(f, private_data) : NULL;
		return BPF_CORE_READ(link, prog);
	case BPF_PROG_LOAD:
		f = file_of(t, ret);
		return f ? BPF_CORE_READ(f, private_data) : NULL;
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_LINK_CREATE:
		f = file_of(t, ret);
		link = f ? BPF_CORE_READ(f, private_data) : NULL;
		return BPF_CORE_READ(link, prog);
	}
	f = given_file(t, 1);
	return f ? BPF_CORE_READ(f, private_data) : NULL;
}

// runs_programs tells the commands that make the kernel run a program or no more.
static __always_inline bool runs_programs(u32 command)
{
	switch (command) {
	case BPF_PROG_LOAD:
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_LINK_CREATE:
	case BPF_LINK_UPDATE:
	case BPF_LINK_DETACH:
		return true;
	}
	return false;
}

SEC("tracepoint/syscalls/sys_exit_bpf")
int on_bpf(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	u32 command = arg(registers(t), 0);
	if (ctx->ret < 0 || (command != BPF_MAP_GET_FD_BY_ID && !runs_programs(command)))
		return 0;
	bool own = of_ours(t, command, ctx->ret);
	if (!own && command == BPF_MAP_GET_FD_BY_ID)
		return 0;
	struct scratch *s = asked_kernel(t, KIND_BPF, command);
	if (!s)
		return 0;
	put_number(s, NUMBER_FLAGS, own);
	struct bpf_prog *p = program(t, command, ctx->ret);
	if (p) {
		put_number(s, NUMBER_CODE, BPF_CORE_READ(p, type));
		struct bpf_prog_aux *aux = BPF_CORE_READ(p, aux);
		put_string(s, STRING_OBJECT, aux->name, sizeof(aux->name), false);
	}
	submit(s, CLASS_KERNEL);
	return 0;
}

static __always_inline int asked_kexec(struct sys_exit *ctx, u64 request)
{
	struct scratch *s = asked_kernel(bpf_get_current_task_btf(), KIND_KEXEC, request);
	if (!s)
		return 0;
	put_number(s, NUMBER_RESULT, ctx->ret);
	submit(s, CLASS_KERNEL);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_kexec_load")
int on_kexec(struct sys_exit *ctx)
{
	return asked_kexec(ctx, KEXEC_LOAD);
}

SEC("tracepoint/syscalls/sys_exit_kexec_file_load")
int on_kexec_file(struct sys_exit *ctx)
{
	return asked_kexec(ctx, KEXEC_FILE_LOAD);
}

SEC("tracepoint/module/module_load")
int on_module(struct module_load *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct scratch *s = asked_kernel(t, KIND_MODULE, MODULE_LOAD);
	if (!s)
		return 0;
	put_string(s, STRING_OBJECT, (void *)ctx + (ctx->name & 0xffff), 64, false);
	put_number(s, NUMBER_FLAGS, ctx->taints);
	struct pt_regs *r = registers(t);
	struct file *f = call_of(r) == NR_FINIT_MODULE ? file_of(t, arg(r, 0)) : NULL;
	if (f)
		put_file(s, f, &t->fs->root, PLACE_FILE);
	submit(s, CLASS_KERNEL);
	return 0;
}

SEC("tracepoint/module/module_free")
int on_module_free(struct module_free *ctx)
{
	struct scratch *s = asked_kernel(bpf_get_current_task_btf(), KIND_MODULE, MODULE_UNLOAD);
	if (!s)
		return 0;
	put_string(s, STRING_OBJECT, (void *)ctx + (ctx->name & 0xffff), 64, false);
	submit(s, CLASS_KERNEL);
	return 0;
}

#endif
