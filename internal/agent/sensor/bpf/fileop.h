// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// What is done to files: opens from the struct file that came of them, other
// calls from their arguments once they succeeded.
#ifndef BAIZE_FILEOP_H
#define BAIZE_FILEOP_H

#define FMODE_PATH 0x4000
#define USER_PATH_MAX 4096
#define WATCH_NAME 32

// Names that make an open worth a record: of the file itself, its directory, or
// of the directory above one that ends in ".d"; and names of unix sockets.
// Userspace matches the whole path afterwards; this only keeps the rest away.
enum watch_place { WATCH_LEAF, WATCH_PARENT, WATCH_ABOVE, WATCH_SOCKET };

struct watch_key {
	u32 parent;
	char name[WATCH_NAME];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct watch_key);
	__type(value, u32);
} watches SEC(".maps");

static __always_inline bool watched(struct dentry *d)
{
	struct watch_key key = {};
	bpf_probe_read_kernel_str(key.name, sizeof(key.name), BPF_CORE_READ(d, d_name.name));
	if (bpf_map_lookup_elem(&watches, &key))
		return true;
	__builtin_memset(&key, 0, sizeof(key));
	key.parent = WATCH_PARENT;
	long n = bpf_probe_read_kernel_str(key.name, sizeof(key.name), BPF_CORE_READ(d, d_parent, d_name.name));
	if (bpf_map_lookup_elem(&watches, &key))
		return true;
	// A long name that was cut may end in anything: look further.
	if (n < 3 || (n < WATCH_NAME && (key.name[(n - 3) & (WATCH_NAME - 1)] != '.' || key.name[(n - 2) & (WATCH_NAME - 1)] != 'd')))
		return false;
	__builtin_memset(&key, 0, sizeof(key));
	key.parent = WATCH_ABOVE;
	bpf_probe_read_kernel_str(key.name, sizeof(key.name), BPF_CORE_READ(d, d_parent, d_parent, d_name.name));
	return bpf_map_lookup_elem(&watches, &key) != NULL;
}

// watched_socket looks for the name of a unix socket, and for as much of it as
// goes up to its first dot: some servers append a number.
static __always_inline bool watched_socket(struct dentry *d)
{
	struct watch_key key = {.parent = WATCH_SOCKET};
	if (bpf_probe_read_kernel_str(key.name, sizeof(key.name), BPF_CORE_READ(d, d_name.name)) < 0)
		return false;
	if (bpf_map_lookup_elem(&watches, &key))
		return true;
	bool dot = false;
	for (int i = 0; i < WATCH_NAME; i++) {
		if (dot)
			key.name[i] = 0;
		else
			dot = key.name[i] == '.';
	}
	return dot && bpf_map_lookup_elem(&watches, &key);
}

SEC("tracepoint/syscalls/sys_exit_memfd_create")
int on_memfd(struct sys_exit *ctx)
{
	if (ctx->ret < 0)
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	struct file *f = file_of(t, ctx->ret);
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s || !f || !in_scope(t))
		return 0;
	struct record *r = begin(s, KIND_MEMFD);
	fill_task(&r->task, t);
	put_file(s, f, &t->fs->root, PLACE_FILE);
	submit(s, CLASS_FILE);
	return 0;
}

// The attach cookie of a call on paths says where its arguments are, so that
// one program serves all of them.
#define COOKIE_KIND(c) ((c) & 0xff)
#define COOKIE_CHANGE(c) ((c) >> 8 & 0xff)
#define COOKIE_DIR(c) ((u32)((c) >> 16 & 0xf))
#define COOKIE_PATH(c) ((u32)((c) >> 20 & 0xf))
#define COOKIE_NEW_DIR(c) ((u32)((c) >> 24 & 0xf))
#define COOKIE_NEW_PATH(c) ((u32)((c) >> 28 & 0xf))
#define COOKIE_FD(c) ((u32)((c) >> 32 & 0xf))
#define COOKIE_ATTRIBUTE(c) ((u32)((c) >> 36 & 0xf))
#define COOKIE_TEXT(c) ((u32)((c) >> 40 & 0xf))
#define COOKIE_MODE(c) ((u32)((c) >> 44 & 0xf))
#define NO_ARG 0xf

// caller is where the arguments of a system call are, and which buffer its record
// is put together in.
struct caller {
	struct pt_regs *registers;
	u32 which;
	bool narrow;  // 32-bit code
};

static __always_inline u64 given(struct caller *by, u32 n)
{
	return by->narrow ? arg32(by->registers, n) : arg(by->registers, n);
}

// put_user_path appends a path argument and, if it is relative, the directory
// it starts from. An empty one stands for the descriptor's own file.
static __always_inline void put_user_path(struct scratch *s, struct task_struct *t, struct caller *by, u32 dir,
					  u32 path, u32 string, u32 place)
{
	u32 before = s->off;
	put_string(s, string, (void *)given(by, path), USER_PATH_MAX, true);
	if (before >= DATA_MAX || s->off == before)
		return;
	char first = s->data[before + sizeof(struct item)];
	if (first == '/')
		return;
	int fd = dir == NO_ARG ? AT_FDCWD : (int)given(by, dir);
	if (fd == AT_FDCWD) {
		path_of(&t->fs->pwd, &t->fs->root, place | by->which << 8);
		return;
	}
	struct file *f = file_of(t, fd);
	if (!f)
		return;
	if (first)
		path_of(&f->f_path, &t->fs->root, place | by->which << 8);
	else
		put_file(s, f, &t->fs->root, PLACE_FILE | by->which << 8);
}

// put_optional appends the text of an argument that may be missing.
static __always_inline void put_optional(struct scratch *s, u8 string, struct caller *by, u32 n, u32 max)
{
	void *text = n == NO_ARG ? NULL : (void *)given(by, n);
	if (text)
		put_string(s, string, text, max, true);
}

static __always_inline void put_given(struct scratch *s, struct task_struct *t, struct caller *by, u64 c)
{
	if (COOKIE_FD(c) != NO_ARG) {
		struct file *f = file_of(t, given(by, COOKIE_FD(c)));
		if (f)
			put_file(s, f, &t->fs->root, PLACE_FILE | by->which << 8);
	}
	if (COOKIE_PATH(c) != NO_ARG)
		put_user_path(s, t, by, COOKIE_DIR(c), COOKIE_PATH(c), STRING_USER_PATH, PLACE_BASE);
	if (COOKIE_NEW_PATH(c) != NO_ARG)
		put_user_path(s, t, by, COOKIE_NEW_DIR(c), COOKIE_NEW_PATH(c), STRING_USER_NEW_PATH, PLACE_NEW_BASE);
	put_optional(s, STRING_ATTRIBUTE, by, COOKIE_ATTRIBUTE(c), 256);
	put_optional(s, STRING_TEXT, by, COOKIE_TEXT(c), 1024);
	if (COOKIE_MODE(c) != NO_ARG)
		put_number(s, NUMBER_MODE, given(by, COOKIE_MODE(c)));
}

static __always_inline void put_paths(struct scratch *s, struct task_struct *t, u64 c)
{
	struct caller by = {.registers = registers(t), .which = SCRATCH_TRACE};
	put_given(s, t, &by, c);
}

#define EPERM 1
#define EACCES 13

// refused_open tells of an open that was not allowed, by the caller's name: the
// reader keeps those of watched files.
static __always_inline int refused_open(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct scratch *s = scratch(SCRATCH_TRACE);
	// An open by handle has no name.
	if (COOKIE_PATH(bpf_get_attach_cookie(ctx)) == NO_ARG)
		return 0;
	if (!s || !in_scope(t) || !admitted(t, KIND_OPEN, CLASS_FILE))
		return 0;
	struct record *r = begin(s, KIND_OPEN);
	fill_task(&r->task, t);
	put_number(s, NUMBER_RESULT, ctx->ret);
	put_paths(s, t, bpf_get_attach_cookie(ctx));
	submit(s, CLASS_FILE);
	return 0;
}

// own_entry tells whether a process opened its own entry in proc, which it may
// read as it likes.
static __always_inline bool own_entry(struct task_struct *t, struct task_struct *whose)
{
	return whose && BPF_CORE_READ(whose, tgid) == t->tgid;
}

// put_whose appends whose entry in proc was opened.
static __always_inline void put_whose(struct scratch *s, struct task_struct *whose)
{
	struct task_info *c = whose ? put(s, TAG_CHILD, 0, sizeof(*c)) : NULL;
	if (c)
		fill_target(c, whose);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int on_open(struct sys_exit *ctx)
{
	if (ctx->ret < 0)
		return ctx->ret == -EACCES || ctx->ret == -EPERM ? refused_open(ctx) : 0;
	struct task_struct *t = bpf_get_current_task_btf();
	struct file *f = file_of(t, ctx->ret);
	if (!f)
		return 0;
	u32 mode = BPF_CORE_READ(f, f_mode);
	bool created = mode & FMODE_CREATED;
	if (!created && ((mode & FMODE_PATH) || !watched(BPF_CORE_READ(f, f_path.dentry))))
		return 0;
	struct task_struct *whose = created ? NULL : behind(f);
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s || !in_scope(t) || own_entry(t, whose))
		return 0;
	u64 way = 0;
	if (!created && untold(t, f, &way))
		return 0;
	struct record *r = begin(s, created ? KIND_CREATE : KIND_OPEN);
	fill_task(&r->task, t);
	put_file(s, f, &t->fs->root, PLACE_FILE);
	put_number(s, NUMBER_OPEN_FLAGS, BPF_CORE_READ(f, f_flags));
	put_whose(s, whose);
	// Without a mount the walk ends at the root of the file system: a name that
	// no bind mount changes.
	if (!created) {
		put_number(s, NUMBER_WAY, way);
		put_path(0, (u64)BPF_CORE_READ(f, f_path.dentry), 0, 0, PLACE_ORIGIN);
	}
	submit(s, CLASS_FILE);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_renameat2")
int on_path(struct sys_exit *ctx)
{
	if (ctx->ret < 0)
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s || !in_scope(t))
		return 0;
	u64 c = bpf_get_attach_cookie(ctx);
	struct record *r = begin(s, COOKIE_KIND(c));
	fill_task(&r->task, t);
	put_number(s, NUMBER_CHANGE, COOKIE_CHANGE(c));
	put_paths(s, t, c);
	submit(s, CLASS_FILE);
	return 0;
}

// Programs that the agent runs itself on descriptors of its own: those that
// fanotify opened, and those of paths that were only known by name. Both answer
// with what the kernel knows of the file, so that a file has one identity.
#define ASKED_MAX 32
enum { ASK_WRITTEN, ASK_DESCRIBE, ASK_HOME, ASKS };

struct asked_file {
	int fd;
	u32 pid;
	u64 mono;
	struct file_info info;
};

struct asked {
	u32 count, pad;
	struct asked_file files[ASKED_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASKS);
	__type(key, u32);
	__type(value, struct asked);
} asks SEC(".maps");

// MNT_NS_INTERNAL of fs/mount.h: the kernel's own mounts.
#define MNT_NS_INTERNAL ((void *)-22)

// for_overlay tells whether an overlay file system wrote this for a file of its
// own, which has an event of its own: it goes to its layers through private
// mounts.
static __always_inline bool for_overlay(struct file *f)
{
	struct vfsmount *v = BPF_CORE_READ(f, f_path.mnt);
	struct mount *m = (void *)v - bpf_core_field_offset(struct mount, mnt);
	return (void *)BPF_CORE_READ(m, mnt_ns) == MNT_NS_INTERNAL;
}

// put_written answers with a close-write record.
__attribute__((noinline)) int put_written(u32 fd, u32 pid, u64 mono)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct scratch *s = scratch(SCRATCH_RUN);
	struct file *f = file_of(t, fd);
	if (!s || !f)
		return 0;
	if ((BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT) != S_IFREG || for_overlay(f))
		return 0;
	struct record *r = begin(s, KIND_CLOSE_WRITE);
	__builtin_memset(&r->task, 0, sizeof(r->task));
	r->mono = mono;
	put_file(s, f, &t->fs->root, PLACE_FILE | SCRATCH_RUN << 8);
	put_number(s, NUMBER_PID, pid);
	submit_to(&answers, s, CLASS_FILE, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("syscall")
int on_written(void *ctx)
{
	u32 key = ASK_WRITTEN;
	struct asked *a = bpf_map_lookup_elem(&asks, &key);
	for (u32 i = 0; a && i < ASKED_MAX && i < a->count; i++)
		put_written(a->files[i].fd, a->files[i].pid, a->files[i].mono);
	return 0;
}

// on_home learns the root directory behind the first descriptor as the host's.
SEC("syscall")
int on_home(void *ctx)
{
	u32 key = ASK_HOME;
	struct asked *a = bpf_map_lookup_elem(&asks, &key);
	struct file *f = a ? file_of(bpf_get_current_task_btf(), a->files[0].fd) : NULL;
	if (!f)
		return 0;
	struct vfsmount *v = BPF_CORE_READ(f, f_path.mnt);
	home.mounts = (u64)mounts_of(v);
	home.root = (u64)BPF_CORE_READ(f, f_path.dentry);
	return 0;
}

__attribute__((noinline)) int describe(u64 i)
{
	u32 key = ASK_DESCRIBE;
	struct asked *a = bpf_map_lookup_elem(&asks, &key);
	if (!a)
		return 0;
	asm volatile("%0 &= %1" : "+r"(i) : "i"(ASKED_MAX - 1));
	struct asked_file *q = &a->files[i];
	struct file *f = file_of(bpf_get_current_task_btf(), q->fd);
	if (f)
		fill_file(&q->info, BPF_CORE_READ(f, f_inode), BPF_CORE_READ(f, f_path.dentry));
	return 0;
}

SEC("syscall")
int on_describe(void *ctx)
{
	u32 key = ASK_DESCRIBE;
	struct asked *a = bpf_map_lookup_elem(&asks, &key);
	for (u32 i = 0; a && i < ASKED_MAX && i < a->count; i++)
		describe(i);
	return 0;
}

#endif
