// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Files and paths from kernel objects.
#ifndef BAIZE_FILE_H
#define BAIZE_FILE_H

#define COMPONENTS_MAX 64
#define NAME_MAX 255
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define FMODE_CREATED 0x100000

// put_path appends the path from a dentry up to a root: mounts are crossed by
// hand, since no path helper is allowed in tracepoints. where is the place and,
// from bit 8, the scratch buffer. A global function, so that it is verified once.
__attribute__((noinline)) int put_path(u64 vfsmnt, u64 dentry_at, u64 root_mnt, u64 root_at, u32 where)
{
	struct scratch *s = scratch(where >> 8);
	if (!s)
		return 0;
	u32 begin = s->off;
	if (begin >= DATA_MAX) {
		s->flags |= RECORD_TRUNCATED;
		return 0;
	}
	struct dentry *d = (void *)dentry_at;
	struct vfsmount *root = (void *)root_mnt;
	struct mount *m = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *top = (void *)root - bpf_core_field_offset(struct mount, mnt);
	struct dentry *mnt_root = BPF_CORE_READ(m, mnt.mnt_root);
	u8 flags = PATH_TRUNCATED;
	// The cursor lives in the buffer: the verifier then knows nothing of it at
	// each turn, so that all turns look alike and it stops after few.
	s->cursor = begin + sizeof(struct item) + 1;
	for (int i = 0; i < COMPONENTS_MAX * 2; i++) {
		if (d == (void *)root_at && m == top) {
			flags = 0;
			break;
		}
		if (d == mnt_root) {
			struct mount *up = BPF_CORE_READ(m, mnt_parent);
			if (up == m) {
				// Mounted nowhere, or not where the task can see: the rest
				// of the path is that within the file system.
				mnt_root = NULL;
				continue;
			}
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = up;
			mnt_root = BPF_CORE_READ(m, mnt.mnt_root);
			continue;
		}
		u32 off = s->cursor;
		if (off >= begin + 4096 || off >= DATA_MAX)
			break;
		struct dentry *up = BPF_CORE_READ(d, d_parent);
		if (!mnt_root && up == d) {
			flags = PATH_UNREACHABLE;
			break;
		}
		long n = bpf_probe_read_kernel_str(&s->data[off], NAME_MAX + 1, BPF_CORE_READ(d, d_name.name));
		if (n <= 0) {
			s->flags |= RECORD_READ_FAILED;
			break;
		}
		s->cursor = off + (u32)n;
		if (up == d) {
			flags = PATH_PSEUDO;
			break;
		}
		d = up;
	}
	struct item *it = (struct item *)&s->data[begin];
	it->tag = TAG_PATH;
	it->index = where;
	it->len = s->cursor - begin - sizeof(*it);
	s->data[begin + sizeof(*it)] = flags;
	s->off = s->cursor;
	return 0;
}

static __always_inline void path_of(struct path *p, struct path *root, u32 where)
{
	put_path((u64)BPF_CORE_READ(p, mnt), (u64)BPF_CORE_READ(p, dentry), (u64)BPF_CORE_READ(root, mnt),
		 (u64)BPF_CORE_READ(root, dentry), where);
}

// home is the mount namespace and the root directory of the host, or of what
// is the host to this agent; both are compared, never followed.
struct home { u64 mounts, root; };
struct home home = {};

static __always_inline struct mnt_namespace *mounts_of(struct vfsmount *v)
{
	struct mount *m = (void *)v - bpf_core_field_offset(struct mount, mnt);
	return BPF_CORE_READ(m, mnt_ns);
}

// elsewhere tells whether a file was reached through a mount that the host does
// not have, or by a task with a root of its own.
static __always_inline bool elsewhere(struct file *f, struct path *root)
{
	return (u64)mounts_of(BPF_CORE_READ(f, f_path.mnt)) != home.mounts ||
	       (u64)BPF_CORE_READ(root, dentry) != home.root;
}

static __always_inline void fill_file(struct file_info *i, struct inode *inode, struct dentry *d)
{
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	i->ino = BPF_CORE_READ(inode, i_ino);
	i->size = BPF_CORE_READ(inode, i_size);
	i->gen = BPF_CORE_READ(inode, i_generation);
	i->mode = BPF_CORE_READ(inode, i_mode);
	i->nlink = BPF_CORE_READ(inode, i_nlink);
	i->rdev = BPF_CORE_READ(inode, i_rdev);
	i->dev = BPF_CORE_READ(sb, s_dev);
	i->magic = BPF_CORE_READ(sb, s_magic);
	i->flags = 0;
	// An unhashed dentry that is no root has lost its name.
	if (!i->nlink || (d && !BPF_CORE_READ(d, d_hash.pprev) && BPF_CORE_READ(d, d_parent) != d))
		i->flags |= FILE_DELETED;
}

// put_file appends a file's inode and path.
static __always_inline void put_file(struct scratch *s, struct file *f, struct path *root, u32 where)
{
	struct file_info *i = put(s, TAG_FILE, where, sizeof(*i));
	if (!i)
		return;
	fill_file(i, BPF_CORE_READ(f, f_inode), BPF_CORE_READ(f, f_path.dentry));
	path_of(&f->f_path, root, where);
}

// file_of is the file behind a descriptor of t, or NULL.
static __always_inline struct file *file_of(struct task_struct *t, u32 fd)
{
	struct file *f = NULL;
	struct files_struct *files = BPF_CORE_READ(t, files);
	if (!files || fd >= BPF_CORE_READ(files, fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&f, sizeof(f), BPF_CORE_READ(files, fdt, fd) + fd);
	return f;
}

#define PROC_SUPER_MAGIC 0x9fa0

// behind is the process or thread whose entry in a proc file system a file is,
// wherever that is mounted; NULL for all other files.
static __always_inline struct task_struct *behind(struct file *f)
{
	struct inode *inode = BPF_CORE_READ(f, f_inode);
	if (BPF_CORE_READ(inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return NULL;
	struct proc_inode *entry = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	struct hlist_node *first = BPF_CORE_READ(entry, pid, tasks[0].first);
	return first ? (void *)first - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

#endif
