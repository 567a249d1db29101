// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Canaries: a thread of the agent visits each processor and changes its name
// there (see ../canary.go). No other thread's name is reported.
#ifndef BAIZE_CANARY_H
#define BAIZE_CANARY_H

// The agent's thread group in the initial pid namespace, 0 for none.
const volatile u32 agent_pid = 0;

SEC("tp_btf/task_rename")
int BPF_PROG(on_canary, struct task_struct *t, const char *comm)
{
	if (!agent_pid || (u32)t->tgid != agent_pid || t->pid == t->tgid)
		return 0;
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_RENAME);
	fill_task(&r->task, t);
	put_string(s, STRING_NEW_NAME, comm, sizeof(t->comm), false);
	submit(s, CLASS_PROCESS);
	return 0;
}

#endif
