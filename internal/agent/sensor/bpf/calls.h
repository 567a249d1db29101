// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Arguments of the system call that a sys_exit tracepoint ends.
#ifndef BAIZE_CALLS_H
#define BAIZE_CALLS_H

#define AT_FDCWD -100
#if defined(__TARGET_ARCH_x86)
#define NR_FINIT_MODULE 313
#define NR_RT_SIGQUEUEINFO 129
#define NR_RT_TGSIGQUEUEINFO 297
#elif defined(__TARGET_ARCH_arm64)
#define NR_FINIT_MODULE 273
#define NR_RT_SIGQUEUEINFO 138
#define NR_RT_TGSIGQUEUEINFO 240
#endif
#define NR_PIDFD_SEND_SIGNAL 424

// arg reads an argument from the registers that the kernel saved at entry.
static __always_inline u64 arg(struct pt_regs *r, u32 n)
{
#if defined(__TARGET_ARCH_x86)
	switch (n) {
	case 0: return r->di;
	case 1: return r->si;
	case 2: return r->dx;
	case 3: return r->r10;
	default: return r->r8;
	}
#elif defined(__TARGET_ARCH_arm64)
	switch (n) {
	case 0: return r->orig_x0;
	case 1: return r->regs[1];
	case 2: return r->regs[2];
	case 3: return r->regs[3];
	default: return r->regs[4];
	}
#endif
}

// arg32 reads one that 32-bit code gave; on other architectures than x86 both
// widths use the same registers.
static __always_inline u64 arg32(struct pt_regs *r, u32 n)
{
#if defined(__TARGET_ARCH_x86)
	switch (n) {
	case 0: return (u32)BPF_CORE_READ(r, bx);
	case 1: return (u32)BPF_CORE_READ(r, cx);
	case 2: return (u32)BPF_CORE_READ(r, dx);
	case 3: return (u32)BPF_CORE_READ(r, si);
	default: return (u32)BPF_CORE_READ(r, di);
	}
#else
	return (u32)arg(r, n);
#endif
}

// call_of is the number of the system call that a task is in.
static __always_inline int call_of(struct pt_regs *r)
{
#if defined(__TARGET_ARCH_x86)
	return r->orig_ax;
#elif defined(__TARGET_ARCH_arm64)
	return r->syscallno;
#endif
}

static __always_inline struct pt_regs *registers(struct task_struct *t)
{
	return (struct pt_regs *)bpf_task_pt_regs(t);
}

#endif
