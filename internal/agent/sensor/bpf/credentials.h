// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Credential changes. commit_creds has no tracepoint, so each thread's last
// known credentials are kept and compared where they can have changed.
#ifndef BAIZE_CREDENTIALS_H
#define BAIZE_CREDENTIALS_H

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cred_info);
} known_creds SEC(".maps");

static __always_inline void fill_creds(struct cred_info *c, struct task_struct *t)
{
	const struct cred *cred = t->real_cred;
	c->uid = cred->uid.val;
	c->gid = cred->gid.val;
	c->euid = cred->euid.val;
	c->egid = cred->egid.val;
	c->effective = effective_of(cred);
}

static __always_inline bool same_creds(struct cred_info *a, struct cred_info *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->euid == b->euid && a->egid == b->egid &&
	       a->effective == b->effective;
}

// learn_creds remembers t's credentials as they are.
static __always_inline void learn_creds(struct task_struct *t)
{
	struct cred_info *c = bpf_task_storage_get(&known_creds, t, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (c) {
		fill_creds(c, t);
		return;
	}
	// A change to come, that will not be noticed.
	count(CLASS_PROCESS, SEEN);
	count(CLASS_PROCESS, LOST_MAP_FULL);
}

// put_changed appends the old credentials if t's are new, and remembers the
// new ones. A task never seen before has no old ones.
static __always_inline bool put_changed(struct scratch *s, struct task_struct *t)
{
	struct cred_info now;
	fill_creds(&now, t);
	struct cred_info *known = bpf_task_storage_get(&known_creds, t, 0, 0);
	if (!known) {
		bpf_task_storage_get(&known_creds, t, &now, BPF_LOCAL_STORAGE_GET_F_CREATE);
		return false;
	}
	if (same_creds(known, &now))
		return false;
	struct cred_info *old = put(s, TAG_CREDENTIALS, 0, sizeof(*old));
	if (old)
		*old = *known;
	*known = now;
	// Capabilities are worth what their user namespace is.
	put_number(s, NUMBER_CODE, BPF_CORE_READ(t, real_cred, user_ns, level));
	return true;
}

// unexplained reports a real user that no system call seen here gave t: what an
// exploit of the kernel leaves, or a 32-bit program. Called where a process
// forks or executes something, neither of which changes it.
static __always_inline void unexplained(struct task_struct *t)
{
	struct cred_info *known = bpf_task_storage_get(&known_creds, t, 0, 0);
	if (!known || known->uid == t->real_cred->uid.val)
		return;
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s || !in_scope(t))
		return;
	struct record *r = begin(s, KIND_CREDENTIALS);
	fill_task(&r->task, t);
	put_number(s, NUMBER_REQUEST, CREDENTIALS_UNEXPLAINED);
	if (put_changed(s, t))
		submit(s, CLASS_PROCESS);
}

// on_setid follows the system calls that change credentials.
SEC("tracepoint/syscalls/sys_exit_setresuid")
int on_setid(struct sys_exit *ctx)
{
	if (ctx->ret < 0)
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!s || !in_scope(t))
		return 0;
	struct record *r = begin(s, KIND_CREDENTIALS);
	fill_task(&r->task, t);
	if (put_changed(s, t))
		submit(s, CLASS_PROCESS);
	return 0;
}

#endif
