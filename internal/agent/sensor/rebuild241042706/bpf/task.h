// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
#ifndef BAIZE_TASK_H
#define BAIZE_TASK_H

#define PF_KTHREAD 0x00200000

#define CGROUP_LEVELS 24

// Scope: only tasks at or below this v2 cgroup are seen.
const volatile bool scoped = false;
const volatile u64 scope_cgroup = 0;

static __always_inline u64 ancestor_of(struct cgroup *cg, int level)
{
	struct cgroup___old *old = (void *)cg;
	u64 id = 0;
	if (bpf_core_field_exists(old->ancestor_ids)) {
		bpf_core_read(&id, sizeof(id), &old->ancestor_ids[level]);
		return id;
	}
	struct cgroup *above = NULL;
	bpf_core_read(&above, sizeof(above), &cg->ancestors[level]);
	return BPF_CORE_READ(above, kn, id);
}

// under_scope searches the ancestors, since a reader inside a cgroup namespace
// cannot know the level of its scope. A global function, verified once.
__attribute__((noinline)) int under_scope(u64 cgroup)
{
	struct cgroup *cg = (void *)cgroup;
	int top = BPF_CORE_READ(cg, level);
	for (int level = 0; level < CGROUP_LEVELS && level <= top; level++)
		if (ancestor_of(cg, level) == scope_cgroup)
			return 1;
	return 0;
}

static __always_inline bool in_scope(struct task_struct *t)
{
	return !scoped || under_scope((u64)BPF_CORE_READ(t, cgroups, dfl_cgrp));
}

static __always_inline u64 effective_of(const struct cred *cred)
{
	// Two words before 6.3, one since: 8 bytes either way.
	u64 caps = 0;
	bpf_core_read(&caps, sizeof(caps), &cred->cap_effective);
	return caps;
}

static __always_inline void fill_pid(struct task_info *i, struct task_struct *leader)
{
	struct pid *pid = leader->thread_pid;
	unsigned int level = pid->level;
	void *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
	struct pid_namespace *ns = NULL;
	bpf_probe_read_kernel(&i->nspid, sizeof(i->nspid), at + bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(&ns, sizeof(ns), at + bpf_core_field_offset(struct upid, ns));
	i->pidns = BPF_CORE_READ(ns, ns.inum);
}

// fill_task describes t. t must be a pointer that the verifier trusts, so that
// most of this compiles to plain loads.
static __always_inline void fill_task(struct task_info *i, struct task_struct *t)
{
	struct task_struct *leader = t->group_leader;
	struct task_struct *parent = leader->real_parent;
	const struct cred *cred = t->real_cred;
	struct nsproxy *ns = t->nsproxy;
	i->start = leader->start_boottime;
	i->parent_start = parent->group_leader->start_boottime;
	i->effective = effective_of(cred);
	i->cgroup = t->cgroups->dfl_cgrp->kn->id;
	i->pid = t->tgid;
	i->tid = t->pid;
	i->parent_pid = parent->tgid;
	i->uid = cred->uid.val;
	i->gid = cred->gid.val;
	i->euid = cred->euid.val;
	i->egid = cred->egid.val;
	i->mntns = ns ? ns->mnt_ns->ns.inum : 0;
	i->netns = ns ? ns->net_ns->ns.inum : 0;
	fill_pid(i, leader);
	i->login = bpf_core_field_exists(t->loginuid) ? t->loginuid.val : ~0u;
	i->session = bpf_core_field_exists(t->sessionid) ? t->sessionid : ~0u;
	i->flags = t->flags & PF_KTHREAD ? TASK_KERNEL_THREAD : 0;
	__builtin_memcpy(i->comm, t->comm, sizeof(i->comm));
}

#endif
