// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Processes: fork, exec, exit, rename.
#ifndef BAIZE_PROCESS_H
#define BAIZE_PROCESS_H

#define SIGNAL_GROUP_EXIT 4
#define ENV_STRINGS 192
#define ENV_PARTS 16
#define ENV_PIECE 1024
#define ARGS_MAX 8191

#define CLONE_NEWTIME 0x00000080
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWCGROUP 0x02000000
#define CLONE_NEWUTS 0x04000000
#define CLONE_NEWIPC 0x08000000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWPID 0x20000000
#define CLONE_NEWNET 0x40000000

// differing is the namespaces that a child does not share with its parent, as
// the flags of clone that made them.
static __always_inline u64 differing(struct task_struct *parent, struct task_struct *child)
{
	struct nsproxy *a = parent->nsproxy, *b = child->nsproxy;
	u64 flags = parent->real_cred->user_ns == child->real_cred->user_ns ? 0 : CLONE_NEWUSER;
	if (a == b || !a || !b)
		return flags;
	flags |= a->mnt_ns == b->mnt_ns ? 0 : CLONE_NEWNS;
	flags |= a->uts_ns == b->uts_ns ? 0 : CLONE_NEWUTS;
	flags |= a->ipc_ns == b->ipc_ns ? 0 : CLONE_NEWIPC;
	flags |= a->net_ns == b->net_ns ? 0 : CLONE_NEWNET;
	flags |= a->cgroup_ns == b->cgroup_ns ? 0 : CLONE_NEWCGROUP;
	flags |= a->pid_ns_for_children == b->pid_ns_for_children ? 0 : CLONE_NEWPID;
	return flags;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	unexplained(parent);
	learn_creds(child);
	if (child->pid != child->tgid || !in_scope(child))
		return 0;
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_FORK);
	fill_task(&r->task, parent);
	struct task_info *c = put(s, TAG_CHILD, 0, sizeof(*c));
	if (c)
		fill_task(c, child);
	submit(s, CLASS_PROCESS);
	u64 flags = differing(parent, child);
	if (!flags)
		return 0;
	r = begin(s, KIND_NAMESPACE);
	fill_task(&r->task, child);
	put_number(s, NUMBER_REQUEST, NAMESPACE_CLONE);
	put_number(s, NUMBER_FLAGS, flags);
	submit(s, CLASS_KERNEL);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *t)
{
	// live was lowered before the tracepoint: the last thread sees 0.
	if (t->signal->live.counter != 0 || !in_scope(t))
		return 0;
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_EXIT);
	fill_task(&r->task, t);
	int code = t->signal->flags & SIGNAL_GROUP_EXIT ? t->signal->group_exit_code : t->group_leader->exit_code;
	put_number(s, NUMBER_EXIT_CODE, (u32)code);
	submit(s, CLASS_PROCESS);
	return 0;
}

// put_args appends argv as it lies in user memory.
static __always_inline void put_args(struct scratch *s, struct mm_struct *mm)
{
	u64 start = BPF_CORE_READ(mm, arg_start), len = BPF_CORE_READ(mm, arg_end) - start;
	u32 off = s->off;
	if (off >= DATA_MAX) {
		s->flags |= RECORD_TRUNCATED | RECORD_ARGS_TRUNCATED;
		return;
	}
	if (len > ARGS_MAX) {
		len = ARGS_MAX;
		s->flags |= RECORD_ARGS_TRUNCATED;
	}
	if (bpf_probe_read_user(&s->data[off + sizeof(struct item)], len, (void *)start)) {
		s->flags |= RECORD_READ_FAILED | RECORD_ARGS_TRUNCATED;
		return;
	}
	struct item *it = (struct item *)&s->data[off];
	it->tag = TAG_ARGS;
	it->index = 0;
	it->len = len;
	s->off = off + sizeof(*it) + len;
}

// BEGINS compares with a literal, unrolled: there is no memcmp in programs.
#define BEGINS(v, literal)                                               \
	({                                                               \
		bool same = true;                                        \
		_Pragma("unroll") for (u32 i = 0; i < sizeof(literal) - 1; i++) \
			same &= (v)[i] == (literal)[i];                  \
		same;                                                    \
	})

static __always_inline bool wanted(const char *v)
{
	return BEGINS(v, "LD_PRELOAD=") || BEGINS(v, "LD_LIBRARY_PATH=") || BEGINS(v, "SSH_CONNECTION=");
}

// put_env_part appends the variables of interest among the next ENV_STRINGS, and
// returns where those end. Longer strings than ENV_PIECE are followed piece by
// piece, so that what comes after them is found; cursor says that one goes on.
__attribute__((noinline)) u64 put_env_part(u64 at, u64 end)
{
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s)
		return end;
	u32 inside = s->cursor;
	for (int i = 0; i < ENV_STRINGS; i++) {
		u32 off = s->off;
		if (at >= end)
			return end;
		if (off >= DATA_MAX)
			break;
		char *v = (char *)&s->data[off + sizeof(struct item)];
		long n = bpf_probe_read_user_str(v, ENV_PIECE, (void *)at);
		if (n <= 0)
			break;
		if (!inside && wanted(v)) {
			struct item *it = (struct item *)&s->data[off];
			it->tag = TAG_ENV;
			it->index = 0;
			it->len = n;
			s->off = off + sizeof(*it) + (u32)n;
		}
		inside = n == ENV_PIECE;
		at += inside ? n - 1 : n;
	}
	s->cursor = inside;
	return at;
}

// put_env appends the variables of interest. Nobody has so many that the search
// does not reach its end, but who hides one behind others.
static __always_inline void put_env(struct scratch *s, u64 at, u64 end)
{
	s->cursor = 0;
	for (int i = 0; i < ENV_PARTS && at < end; i++)
		at = put_env_part(at, end);
	if (at < end)
		s->flags |= RECORD_ENV_TRUNCATED;
}

// put_fd appends what a standard descriptor points at, and its socket's ends.
__attribute__((noinline)) int put_fd(u64 file, u64 root, u32 where)
{
	struct scratch *s = scratch(where >> 8);
	struct file *f = (void *)file;
	if (!s || !f)
		return 0;
	put_file(s, f, (struct path *)root, where);
	struct sock *sk = sock_of(f);
	if (!sk)
		return 0;
	struct sock_info *i = put(s, TAG_SOCKET, where, sizeof(*i));
	if (i)
		fill_socket(i, sk);
	return 0;
}

static __always_inline void put_fds(struct task_struct *t, u32 which)
{
	// A scalar: global functions take no pointers to kernel objects.
	u64 root = (u64)BPF_CORE_READ(t, fs) + bpf_core_field_offset(struct fs_struct, root);
	put_fd((u64)file_of(t, 0), root, PLACE_FD0 | which << 8);
	put_fd((u64)file_of(t, 1), root, (PLACE_FD0 + 1) | which << 8);
	put_fd((u64)file_of(t, 2), root, (PLACE_FD0 + 2) | which << 8);
}

static __always_inline void put_tty(struct scratch *s, struct task_struct *t)
{
	struct tty_struct *tty = BPF_CORE_READ(t, signal, tty);
	if (tty)
		put_string(s, STRING_TTY, tty->name, sizeof(tty->name), false);
}

// put_image appends an executed file, and whether the host has it.
static __always_inline void put_image(struct scratch *s, struct file *f, struct path *root, u32 where)
{
	struct file_info *i = put(s, TAG_FILE, where, sizeof(*i));
	if (!i)
		return;
	fill_file(i, BPF_CORE_READ(f, f_inode), BPF_CORE_READ(f, f_path.dentry));
	if (elsewhere(f, root))
		i->flags |= FILE_ELSEWHERE;
	path_of(&f->f_path, root, where);
}

#define EI_CLASS 4
#define ELFCLASS32 1

// compat_seen has a bit for each class whose 32-bit calls are all seen.
u32 compat_seen = 0;

static __always_inline void count_hidden(u32 class)
{
	if (!(compat_seen >> class & 1))
		count(class, LOST_COMPAT);
}

// count_compat counts a 32-bit program as a loss: the tracepoints of system
// calls do not show those of 32-bit code.
static __always_inline void count_compat(struct linux_binprm *bprm)
{
	if (BPF_CORE_READ(bprm, buf[EI_CLASS]) != ELFCLASS32)
		return;
	count_hidden(CLASS_PROCESS);
	count_hidden(CLASS_FILE);
	count_hidden(CLASS_NETWORK);
	count_hidden(CLASS_KERNEL);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *t, int old_pid, struct linux_binprm *bprm)
{
	unexplained(t);
	if (!in_scope(t))
		return 0;
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_EXEC);
	fill_task(&r->task, t);
	put_changed(s, t);
	put_image(s, bprm->file, &t->fs->root, PLACE_FILE);
	path_of(&t->fs->pwd, &t->fs->root, PLACE_CWD);
	put_string(s, STRING_FILENAME, bprm->filename, 1024, false);
	if (bprm->interp != bprm->filename)
		put_string(s, STRING_INTERP, bprm->interp, 1024, false);
	put_tty(s, t);
	put_fds(t, SCRATCH_TRACE);
	put_env(s, t->mm->env_start, t->mm->env_end);
	put_args(s, t->mm);
	submit(s, CLASS_PROCESS);
	count_compat(bprm);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *t, const char *comm)
{
	// Threads name themselves freely and show nowhere; an exec's own rename
	// is part of the exec.
	if (t->pid != t->tgid || BPF_CORE_READ_BITFIELD_PROBED(t, in_execve) || !in_scope(t))
		return 0;
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_RENAME);
	fill_task(&r->task, t);
	put_string(s, STRING_OLD_NAME, t->comm, sizeof(t->comm), false);
	put_string(s, STRING_NEW_NAME, comm, sizeof(t->comm), false);
	// Any thread of the process may have renamed it: the memory is the same.
	if (t->mm && t->mm == bpf_get_current_task_btf()->mm)
		put_args(s, t->mm);
	submit(s, CLASS_PROCESS);
	return 0;
}

// on_task describes one live process to a reader of the iterator. Its argv and
// environment are not this task's memory and come from /proc.
SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	if (!t)
		return 0;
	learn_creds(t);
	if (t->pid != t->tgid || !in_scope(t))
		return 0;
	struct scratch *s = scratch(SCRATCH_ITER);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_TASK);
	fill_task(&r->task, t);
	struct fs_struct *fs = t->fs;
	struct mm_struct *mm = t->mm;
	struct file *exe = mm ? BPF_CORE_READ(mm, exe_file) : NULL;
	if (fs && exe) {
		put_image(s, exe, &fs->root, PLACE_FILE | SCRATCH_ITER << 8);
		path_of(&fs->pwd, &fs->root, PLACE_CWD | SCRATCH_ITER << 8);
		put_tty(s, t);
		put_fds(t, SCRATCH_ITER);
	}
	r->flags = s->flags;
	r->size = s->off;
	u64 size = bounded(s->off);
	bpf_seq_write(ctx->meta->seq, r, size);
	return 0;
}

#endif
