// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Acts on names and files, where the kernel carries them out. What is asked of a
// name passes security_path_*, which has its directory with the mount, and then
// vfs_*, which has the result: the first leaves an intent with the task, the
// second makes the record of it.
#ifndef BAIZE_NAMES_H
#define BAIZE_NAMES_H

#define FMODE_EXEC 0x20

// intent is an act on a name that was allowed and not yet carried out.
struct intent {
	u64 dentry;
	u64 mnt, dir;
	u64 new_mnt, new_dir;
	struct file_info file;
	char name[NAME_MAX + 1];
	char new_name[NAME_MAX + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct intent);
} intents SEC(".maps");

static __always_inline void name_of(char *to, u64 dentry)
{
	struct dentry *d = (void *)dentry;
	bpf_probe_read_kernel_str(to, NAME_MAX + 1, BPF_CORE_READ(d, d_name.name));
}

// intend starts the current task's intent on a dentry in a directory.
static __always_inline struct intent *intend(u64 dentry, u64 directory)
{
	struct task_struct *t = bpf_get_current_task_btf();
	if (!in_scope(t))
		return NULL;
	struct intent *i = bpf_task_storage_get(&intents, t, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!i) {
		count(CLASS_FILE, SEEN);
		count(CLASS_FILE, LOST_MAP_FULL);
		return NULL;
	}
	struct path *p = (void *)directory;
	struct dentry *d = (void *)dentry;
	i->dentry = dentry;
	i->mnt = (u64)BPF_CORE_READ(p, mnt);
	i->dir = (u64)BPF_CORE_READ(p, dentry);
	struct inode *inode = BPF_CORE_READ(d, d_inode);
	if (inode)
		fill_file(&i->file, inode, d);
	else
		__builtin_memset(&i->file, 0, sizeof(i->file));
	name_of(i->name, dentry);
	return i;
}

// on_intent serves all that concern one name: a directory and a dentry.
SEC("fentry/security_path_unlink")
int on_intent(void *ctx)
{
	intend(argument(ctx, 1), argument(ctx, 0));
	return 0;
}

SEC("fentry/security_path_rename")
int on_intent_rename(void *ctx)
{
	struct intent *i = intend(argument(ctx, 1), argument(ctx, 0));
	struct path *to = (void *)argument(ctx, 2);
	if (!i)
		return 0;
	i->new_mnt = (u64)BPF_CORE_READ(to, mnt);
	i->new_dir = (u64)BPF_CORE_READ(to, dentry);
	name_of(i->new_name, argument(ctx, 3));
	return 0;
}

// on_intent_link names the old file by where it is: a link stays in its mount.
SEC("fentry/security_path_link")
int on_intent_link(void *ctx)
{
	struct intent *i = intend(argument(ctx, 2), argument(ctx, 1));
	struct dentry *old = (void *)argument(ctx, 0);
	if (!i)
		return 0;
	i->new_mnt = i->mnt;
	i->new_dir = i->dir;
	__builtin_memcpy(i->new_name, i->name, sizeof(i->new_name));
	i->dir = (u64)BPF_CORE_READ(old, d_parent);
	name_of(i->name, (u64)old);
	return 0;
}

// concerns tells whether a function acts on the intent's dentry: file systems
// that lie over others call the same for theirs meanwhile.
static __always_inline bool concerns(void *ctx, struct intent *i)
{
	struct renamedata *r = (void *)argument(ctx, 0);
	return argument(ctx, 1) == i->dentry || argument(ctx, 2) == i->dentry || argument(ctx, 3) == i->dentry ||
	       (u64)BPF_CORE_READ(r, old_dentry) == i->dentry;
}

static __always_inline void put_names(struct scratch *s, struct task_struct *t, struct intent *i, bool both, u32 which)
{
	u64 root_mnt = (u64)BPF_CORE_READ(t, fs, root.mnt), root = (u64)BPF_CORE_READ(t, fs, root.dentry);
	put_number(s, NUMBER_NAMED, 1);
	put_string(s, STRING_USER_PATH, i->name, NAME_MAX + 1, false);
	put_path(i->mnt, i->dir, root_mnt, root, PLACE_BASE | which << 8);
	if (!both)
		return;
	put_string(s, STRING_USER_NEW_PATH, i->new_name, NAME_MAX + 1, false);
	put_path(i->new_mnt, i->new_dir, root_mnt, root, PLACE_NEW_BASE | which << 8);
}

// put_found appends the file behind a name: as it is now or, where the name is
// gone, as it was.
static __always_inline void put_found(struct scratch *s, struct intent *i, u16 kind, u64 dentry)
{
	struct dentry *d = (void *)dentry;
	struct inode *inode = BPF_CORE_READ(d, d_inode);
	if (kind == KIND_UNLINK ? !i->file.ino : !inode)
		return;
	struct file_info *f = put(s, TAG_FILE, PLACE_FILE, sizeof(*f));
	if (!f)
		return;
	if (kind == KIND_UNLINK)
		*f = i->file;
	else
		fill_file(f, inode, d);
}

// on_done serves all functions that carry out an intent. Its cookie is the kind
// of record, and from bit 8 the argument that is the text of a symbolic link.
SEC("fexit/vfs_unlink")
int on_done(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct intent *i = bpf_task_storage_get(&intents, t, 0, 0);
	u64 ret;
	if (!i || !i->dentry || !concerns(ctx, i))
		return 0;
	u64 dentry = i->dentry;
	i->dentry = 0;
	if (failed(ctx, &ret))
		return 0;
	u64 cookie = bpf_get_attach_cookie(ctx);
	u32 which;
	u16 kind = cookie & 0xff;
	struct scratch *s = begin_act(t, kind, CLASS_FILE, &which);
	if (!s)
		return 0;
	put_found(s, i, kind, dentry);
	put_names(s, t, i, kind == KIND_FILE_RENAME || kind == KIND_LINK, which);
	if (cookie >> 8)
		put_string(s, STRING_TEXT, (void *)argument(ctx, 3), 1024, false);
	end_act(s, CLASS_FILE);
	return 0;
}

// on_path32 serves system calls on paths of 32-bit code, as on_path does others:
// its only argument are the registers.
SEC("fexit/__ia32_sys_setxattr")
int on_path32(void *ctx)
{
	u64 ret, c = bpf_get_attach_cookie(ctx);
	struct task_struct *t = bpf_get_current_task_btf();
	if (failed(ctx, &ret) || !in_scope(t))
		return 0;
	struct caller by = {.registers = (struct pt_regs *)argument(ctx, 0), .narrow = true};
	struct scratch *s = begin_act(t, COOKIE_KIND(c), CLASS_FILE, &by.which);
	if (!s)
		return 0;
	put_number(s, NUMBER_CHANGE, COOKIE_CHANGE(c));
	put_given(s, t, &by, c);
	end_act(s, CLASS_FILE);
	return 0;
}

// on_memfd_made sees a file of memory before it has a descriptor. The name tells
// it from the kernel's own.
SEC("fexit/shmem_file_setup")
int on_memfd_made(void *ctx)
{
	u64 ret;
	char name[8] = {};
	if (failed(ctx, &ret))
		return 0;
	bpf_probe_read_kernel_str(name, sizeof(name), (void *)argument(ctx, 0));
	struct task_struct *t = bpf_get_current_task_btf();
	if (!BEGINS(name, "memfd:") || !in_scope(t))
		return 0;
	u32 which;
	struct scratch *s = begin_act(t, KIND_MEMFD, CLASS_FILE, &which);
	if (!s)
		return 0;
	put_file(s, (struct file *)ret, &t->fs->root, PLACE_FILE | which << 8);
	end_act(s, CLASS_FILE);
	return 0;
}

enum { BY_PATH, BY_FILE, BY_DESCRIPTOR };

// on_changed serves the functions that change a file's attributes. Its cookie is
// the change and, from bit 8, what their first argument is.
SEC("fexit/chmod_common")
int on_changed(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	u64 ret, first = argument(ctx, 0);
	if (failed(ctx, &ret) || !in_scope(t))
		return 0;
	u64 cookie = bpf_get_attach_cookie(ctx);
	if (cookie >> 8 == BY_DESCRIPTOR)
		first = (u64)file_of(t, first);
	if (!first)
		return 0;
	struct path *p = (void *)first;
	if (cookie >> 8 != BY_PATH)
		p = &((struct file *)first)->f_path;
	u32 which;
	struct scratch *s = begin_act(t, KIND_ATTRIBUTES, CLASS_FILE, &which);
	if (!s)
		return 0;
	struct dentry *d = BPF_CORE_READ(p, dentry);
	struct file_info *f = put(s, TAG_FILE, PLACE_FILE, sizeof(*f));
	if (f)
		fill_file(f, BPF_CORE_READ(d, d_inode), d);
	path_of(p, &t->fs->root, PLACE_FILE | which << 8);
	put_number(s, NUMBER_CHANGE, cookie & 0xff);
	if ((cookie & 0xff) == CHANGE_MODE)
		put_number(s, NUMBER_MODE, argument(ctx, 1));
	end_act(s, CLASS_FILE);
	return 0;
}

// put_opened makes the record of an open file; NULL means that it was refused,
// and has the kernel's copy of the caller's name.
static __always_inline void put_opened(struct scratch *s, struct task_struct *t, struct file *f, void *ctx, u32 which)
{
	if (f) {
		put_file(s, f, &t->fs->root, PLACE_FILE | which << 8);
		put_number(s, NUMBER_OPEN_FLAGS, BPF_CORE_READ(f, f_flags));
		put_path(0, (u64)BPF_CORE_READ(f, f_path.dentry), 0, 0, PLACE_ORIGIN | which << 8);
		return;
	}
	struct filename *name = (void *)argument(ctx, 1);
	struct open_flags *op = (void *)argument(ctx, 2);
	put_number(s, NUMBER_OPEN_FLAGS, (u32)BPF_CORE_READ(op, open_flag));
	put_name(s, t, (int)argument(ctx, 0), name, STRING_USER_PATH, PLACE_BASE | which << 8);
}

// The cookie of on_opened on functions whose second argument is no struct
// filename.
#define OPENED_NAMELESS 1

// on_opened sees all opens by name, and by handle.
SEC("fexit/do_filp_open")
int on_opened(void *ctx)
{
	u64 ret;
	struct file *f = NULL;
	if (failed(ctx, &ret)) {
		if ((s32)ret != -EACCES && (s32)ret != -EPERM)
			return 0;
	} else {
		f = (void *)ret;
	}
	struct open_flags *op = (void *)argument(ctx, 2);
	if (BPF_CORE_READ(op, open_flag) & FMODE_EXEC)
		return 0;
	u32 mode = f ? BPF_CORE_READ(f, f_mode) : 0;
	bool created = mode & FMODE_CREATED;
	if (f && !created && ((mode & FMODE_PATH) || !watched(BPF_CORE_READ(f, f_path.dentry))))
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	struct task_struct *whose = f && !created ? behind(f) : NULL;
	if (!in_scope(t) || own_entry(t, whose))
		return 0;
	// A refused open by handle has no name.
	if (!f && bpf_get_attach_cookie(ctx) == OPENED_NAMELESS)
		return 0;
	u32 which;
	struct scratch *s = begin_act(t, created ? KIND_CREATE : KIND_OPEN, CLASS_FILE, &which);
	if (!s)
		return 0;
	put_whose(s, whose);
	if (!f)
		put_number(s, NUMBER_RESULT, (s64)(s32)ret);
	put_opened(s, t, f, ctx, which);
	end_act(s, CLASS_FILE);
	return 0;
}

#endif
