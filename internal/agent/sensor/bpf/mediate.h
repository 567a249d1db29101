// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Programs on functions of the kernel itself, through which an act goes however
// it was asked for: by a system call of either width or through io_uring. They
// see the kernel's own objects and the result. Arguments are read by position,
// since functions gain and lose some from kernel to kernel.
#ifndef BAIZE_MEDIATE_H
#define BAIZE_MEDIATE_H

#define PF_IO_WORKER 0x10
// The same on all architectures.
#define NR_IO_URING_ENTER 426
#define ERRNO_MAX 4095

static __always_inline u64 argument(void *ctx, u32 n)
{
	u64 v = 0;
	bpf_get_func_arg(ctx, n, &v);
	return v;
}

// failed tells whether a function that returns an int, a long, or an object or
// error did not do what it was asked. No object is in the last 4 GiB.
static __always_inline bool failed(void *ctx, u64 *ret)
{
	*ret = 0;
	bpf_get_func_ret(ctx, ret);
	u32 high = *ret >> 32;
	return (!high || high == ~0u) && (s32)*ret < 0;
}

// through_ring tells whether the current task acts on a request of an io_uring.
static __always_inline bool through_ring(struct task_struct *t)
{
	return t->flags & PF_IO_WORKER || call_of(registers(t)) == NR_IO_URING_ENTER;
}

// begin_act starts a record of what the current task did, in a claimed buffer.
static __always_inline struct scratch *begin_act(struct task_struct *t, u16 kind, u32 class, u32 *which)
{
	struct scratch *s = claim(class, which);
	if (!s)
		return NULL;
	struct record *r = begin(s, kind);
	fill_task(&r->task, t);
	put_number(s, NUMBER_VIA, through_ring(t));
	return s;
}

static __always_inline void end_act(struct scratch *s, u32 class)
{
	submit(s, class);
	release(s);
}

#endif
