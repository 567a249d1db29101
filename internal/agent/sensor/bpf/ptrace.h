// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Reaching into other processes: ptrace and process_vm_writev.
#ifndef BAIZE_PTRACE_H
#define BAIZE_PTRACE_H

#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5
#define PTRACE_POKEUSR 6
#define PTRACE_SETREGS 13
#define PTRACE_ATTACH 16
#define PTRACE_SETREGSET 0x4205
#define PTRACE_SEIZE 0x4206
// Not a ptrace request: process_vm_writev.
#define REQUEST_VM_WRITE 0x10000
#define TRACEES 64

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

#endif
