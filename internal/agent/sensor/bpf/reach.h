// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Reaching into other processes: ptrace, process_vm_writev, pidfd_getfd, signals.
#ifndef BAIZE_REACH_H
#define BAIZE_REACH_H

#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5
#define PTRACE_POKEUSR 6
#define PTRACE_SETREGS 13
#define PTRACE_ATTACH 16
#define PTRACE_SETREGSET 0x4205
#define PTRACE_SEIZE 0x4206
// Not a ptrace request: process_vm_writev.
#define REQUEST_VM_WRITE 0x10000
// Nor this: pidfd_getfd.
#define REQUEST_GETFD 0x10001
#define TRACEES 64
#define PIDFS_MAGIC 0x50494446

static __always_inline bool reaches(u64 request)
{
	switch (request) {
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
	case PTRACE_POKEUSR:
	case PTRACE_SETREGS:
	case PTRACE_ATTACH:
	case PTRACE_SETREGSET:
	case PTRACE_SEIZE:
		return true;
	}
	return false;
}

// pid_at is t's thread id in the pid namespace of a level, 0 if it has none.
static __always_inline int pid_at(struct task_struct *t, u32 level)
{
	struct pid *pid = BPF_CORE_READ(t, thread_pid);
	int nr = 0;
	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	void *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&nr, sizeof(nr), at + bpf_core_field_offset(struct upid, nr));
	return nr;
}

// tracee finds the target by its number among those that t traces.
static __always_inline struct task_struct *tracee(struct task_struct *t, int number)
{
	u32 level = t->thread_pid->level;
	u64 head = (u64)BPF_CORE_READ(t, ptraced.next);
	u64 at = head;
	for (int i = 0; i < TRACEES; i++) {
		struct task_struct *c = (void *)at - bpf_core_field_offset(struct task_struct, ptrace_entry);
		if (pid_at(c, level) == number)
			return c;
		at = (u64)BPF_CORE_READ(c, ptrace_entry.next);
		if (at == head)
			break;
	}
	return NULL;
}

// fill_target describes a task that the verifier does not trust: what tells
// which one it is.
static __always_inline void fill_target(struct task_info *i, struct task_struct *t)
{
	__builtin_memset(i, 0, sizeof(*i));
	i->start = BPF_CORE_READ(t, group_leader, start_boottime);
	i->pid = BPF_CORE_READ(t, tgid);
	i->tid = BPF_CORE_READ(t, pid);
	i->parent_pid = BPF_CORE_READ(t, real_parent, tgid);
	i->parent_start = BPF_CORE_READ(t, real_parent, group_leader, start_boottime);
	i->uid = BPF_CORE_READ(t, real_cred, uid.val);
	i->gid = BPF_CORE_READ(t, real_cred, gid.val);
	i->euid = BPF_CORE_READ(t, real_cred, euid.val);
	i->egid = BPF_CORE_READ(t, real_cred, egid.val);
	i->cgroup = BPF_CORE_READ(t, cgroups, dfl_cgrp, kn, id);
	i->login = i->session = ~0u;
	BPF_CORE_READ_INTO(&i->comm, t, comm);
}

static __always_inline int reached(u64 request, int number)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s || !in_scope(t))
		return 0;
	struct record *r = begin(s, KIND_PTRACE);
	fill_task(&r->task, t);
	put_number(s, NUMBER_REQUEST, request);
	put_number(s, NUMBER_PID, number);
	struct task_struct *target = request == REQUEST_VM_WRITE ? NULL : tracee(t, number);
	struct task_info *c = target ? put(s, TAG_CHILD, 0, sizeof(*c)) : NULL;
	if (c)
		fill_target(c, target);
	submit(s, CLASS_PROCESS);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_ptrace")
int on_ptrace(struct sys_exit *ctx)
{
	struct pt_regs *r = registers(bpf_get_current_task_btf());
	u64 request = arg(r, 0);
	if (ctx->ret < 0 || !reaches(request))
		return 0;
	return reached(request, arg(r, 1));
}

SEC("tracepoint/syscalls/sys_exit_process_vm_writev")
int on_vm_write(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	int number = arg(registers(t), 0);
	if (ctx->ret < 0 || number == pid_at(t, t->thread_pid->level))
		return 0;
	return reached(REQUEST_VM_WRITE, number);
}

// on_getfd sees a descriptor taken out of another process. A pidfd leads to
// its process by number in the initial namespace, or in that of the caller where
// it is another.
SEC("tracepoint/syscalls/sys_exit_pidfd_getfd")
int on_getfd(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	if (ctx->ret < 0)
		return 0;
	struct file *f = file_of(t, arg(registers(t), 0));
	if (!f)
		return 0;
	struct inode *inode = BPF_CORE_READ(f, f_inode);
	// Since 6.9 a pidfd is an inode of its own.
	bool own = BPF_CORE_READ(inode, i_sb, s_magic) == PIDFS_MAGIC;
	struct pid *pid = own ? BPF_CORE_READ(inode, i_private) : BPF_CORE_READ(f, private_data);
	u32 level = t->thread_pid->level;
	int number = 0;
	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	void *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&number, sizeof(number), at + bpf_core_field_offset(struct upid, nr));
	return reached(REQUEST_GETFD, number);
}

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGABRT 6
#define SIGKILL 9
#define SIGSEGV 11
#define SIGTERM 15
#define SIGSTOP 19
#define SIGTSTP 20
#define ENDING                                                                                  \
	(1u << SIGHUP | 1u << SIGINT | 1u << SIGQUIT | 1u << SIGABRT | 1u << SIGKILL | 1u << SIGSEGV | \
	 1u << SIGTERM | 1u << SIGSTOP | 1u << SIGTSTP)
#define SI_TIMER -2
#define SI_USER 0
#define LINEAGE_MAX 16

// above tells whether the process of that id is t's or one that t comes from.
static __always_inline bool above(u32 tgid, struct task_struct *t)
{
	for (int i = 0; i < LINEAGE_MAX; i++) {
		u32 own = BPF_CORE_READ(t, tgid);
		if (own == tgid)
			return true;
		if (own <= 1)
			return false;
		t = BPF_CORE_READ(t, real_parent);
	}
	return false;
}

// by_process tells whether a process sent the signal. The kernel's own timers
// claim so, and a process may claim to be a timer where it says what it sends.
static __always_inline bool by_process(struct task_struct *t, struct kernel_siginfo *info)
{
	// SEND_SIG_NOINFO stands for a process's kill without more to say, as newer
	// kernels pass on SIGKILL; SEND_SIG_PRIV for the kernel itself.
	if ((u64)info <= 1)
		return !info;
	int code = BPF_CORE_READ(info, si_code);
	if (code == SI_TIMER) {
		int call = call_of(registers(t));
		return call == NR_RT_SIGQUEUEINFO || call == NR_RT_TGSIGQUEUEINFO || call == NR_PIDFD_SEND_SIGNAL;
	}
	return code <= SI_USER;
}

#define SIGNAL_SIZE (sizeof(struct record) + 2 * sizeof(struct item) + sizeof(struct task_info) + sizeof(u64))

// on_signal writes straight into the ring: timers come in interrupts.
SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int sig, struct kernel_siginfo *info, struct task_struct *target)
{
	if (sig <= 0 || sig > SIGTSTP || !(1u << sig & ENDING))
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	if (!by_process(t, info) || t->flags & PF_KTHREAD || !in_scope(t))
		return 0;
	if (above(t->tgid, target) || above(target->tgid, t))
		return 0;
	// What is done to the agent is always told.
	if ((!agent_pid || target->tgid != agent_pid) && !admitted(t, KIND_SIGNAL, CLASS_KERNEL))
		return 0;
	count(CLASS_KERNEL, SEEN);
	u8 *at = bpf_ringbuf_reserve(&ring, SIGNAL_SIZE, 0);
	if (!at) {
		count(CLASS_KERNEL, LOST_RING_FULL);
		return 0;
	}
	struct record *r = (void *)at;
	r->size = SIGNAL_SIZE;
	r->kind = KIND_SIGNAL;
	r->flags = 0;
	r->mono = bpf_ktime_get_boot_ns();
	fill_task(&r->task, t);
	at += sizeof(*r);
	*(struct item *)at = (struct item){.tag = TAG_CHILD, .len = sizeof(struct task_info)};
	at += sizeof(struct item);
	fill_target((struct task_info *)at, target);
	at += sizeof(struct task_info);
	*(struct item *)at = (struct item){.tag = TAG_NUMBER, .index = NUMBER_REQUEST, .len = sizeof(u64)};
	at += sizeof(struct item);
	u64 value = sig;
	__builtin_memcpy(at, &value, sizeof(value));
	bpf_ringbuf_submit(r, wake_flags());
	return 0;
}

#endif
