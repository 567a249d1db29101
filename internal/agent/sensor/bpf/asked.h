// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Sockets, credentials and tracing, where the kernel carries them out.
#ifndef BAIZE_ASKED_H
#define BAIZE_ASKED_H

SEC("fexit/do_accept")
int on_accepted(void *ctx)
{
	u64 ret;
	return failed(ctx, &ret) ? 0 : accepted_by(bpf_get_current_task_btf(), (struct file *)ret);
}

// on_connected sees what no change of state shows, with the kernel's copy of the
// address.
SEC("fexit/__sys_connect_file")
int on_connected(void *ctx)
{
	u64 ret;
	struct task_struct *t = bpf_get_current_task_btf();
	struct file *f = (void *)argument(ctx, 0);
	bool refused = failed(ctx, &ret);
	if ((refused && !refused_at_once((s32)ret)) || !in_scope(t))
		return 0;
	u8 to[ADDRESS_MAX] = {};
	if (refused) {
		bpf_probe_read_kernel(to, sizeof(to), (void *)argument(ctx, 1));
		return connect_failed(t, f, to, (s32)ret);
	}
	struct unix_sock *peer = watched_peer(f);
	u32 which;
	struct scratch *s = peer ? claim(CLASS_NETWORK, &which) : NULL;
	if (!s)
		return 0;
	to_watched(s, t, peer, which);
	release(s);
	return 0;
}

// on_made_socket sees sockets before they have a descriptor. The last argument
// tells the kernel's own.
SEC("fexit/security_socket_post_create")
int on_made_socket(void *ctx)
{
	u64 ret;
	struct socket *so = (void *)argument(ctx, 0);
	if (failed(ctx, &ret) || (u32)argument(ctx, 4))
		return 0;
	struct sock *sk = BPF_CORE_READ(so, sk);
	struct task_struct *t = bpf_get_current_task_btf();
	if (!sk || !whole_packets(sk) || !in_scope(t))
		return 0;
	u32 which;
	struct scratch *s = claim(CLASS_NETWORK, &which);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_SOCKET);
	fill_task(&r->task, t);
	put_whole_packets(s, sk, through_ring(t));
	release(s);
	return 0;
}

#define TS_COMPAT 2        // x86
#define TIF_32BIT (1 << 22)  // arm64

// sets_user tells whether the task is in a system call that sets its real user.
static __always_inline bool sets_user(struct task_struct *t)
{
	int call = call_of(registers(t));
#if defined(__TARGET_ARCH_x86)
	if (!(t->thread_info.status & TS_COMPAT))
		return call == 105 || call == 113 || call == 117;
#elif defined(__TARGET_ARCH_arm64)
	if (!(t->thread_info.flags & TIF_32BIT))
		return call >= 145 && call <= 147;
#endif
	// setuid, setreuid and setresuid of 32-bit code, with short numbers and long.
	return call == 23 || call == 70 || call == 164 || call == 203 || call == 208 || call == 213;
}

// on_committed sees credentials change, by whatever way; those of an exec are
// part of the exec. A new real user that no system call for it gave is what an
// exploit of the kernel leaves.
SEC("fexit/commit_creds")
int on_committed(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	if (BPF_CORE_READ_BITFIELD_PROBED(t, in_execve) || !in_scope(t))
		return 0;
	u32 which;
	struct scratch *s = claim(CLASS_PROCESS, &which);
	if (!s)
		return 0;
	struct record *r = begin(s, KIND_CREDENTIALS);
	fill_task(&r->task, t);
	struct cred_info *known = bpf_task_storage_get(&known_creds, t, 0, 0);
	if (known && known->uid != r->task.uid && !sets_user(t))
		put_number(s, NUMBER_REQUEST, CREDENTIALS_UNEXPLAINED);
	if (put_changed(s, t))
		submit(s, CLASS_PROCESS);
	release(s);
	return 0;
}

// on_traced serves the functions that carry out requests of ptrace: a task and
// the request.
SEC("fexit/ptrace_attach")
int on_traced(void *ctx)
{
	u64 ret, request = (u32)argument(ctx, 1);
	struct task_struct *target = (void *)argument(ctx, 0), *t = bpf_get_current_task_btf();
	if (failed(ctx, &ret) || !reaches(request) || !in_scope(t))
		return 0;
	u32 which;
	struct scratch *s = begin_act(t, KIND_PTRACE, CLASS_PROCESS, &which);
	if (!s)
		return 0;
	put_number(s, NUMBER_REQUEST, request);
	struct task_info *c = put(s, TAG_CHILD, 0, sizeof(*c));
	if (c)
		fill_target(c, target);
	end_act(s, CLASS_PROCESS);
	return 0;
}

#endif
