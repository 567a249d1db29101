// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Records are put together in a per-CPU buffer and copied to the ring at their
// own size. The first buffer belongs to tracepoint programs in process context,
// which run with preemption off and never nest. Programs on functions of the
// kernel can be preempted by others of their kind: they claim one of several.
// What runs in softirq (network.h, dns.h) must not touch any.
#ifndef BAIZE_SCRATCH_H
#define BAIZE_SCRATCH_H

#define DATA_MAX 20480
#define CHUNK_MAX 8192
#define EFAULT 14

struct scratch {
	u32 off, cursor;
	u32 flags;
	u32 busy;  // claims, see claim
	// Writes begin below DATA_MAX and are at most CHUNK_MAX long.
	u8 data[DATA_MAX + CHUNK_MAX + 64];
};

// Iterators and the programs that the agent runs itself can be preempted by the
// tracepoints, so they have buffers apart.
enum { SCRATCH_TRACE, SCRATCH_ITER, SCRATCH_RUN, SCRATCH_CLAIMED, SCRATCHES = SCRATCH_CLAIMED + 3 };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

// Records that the agent asks for come back to it by a ring of their own, apart
// from what waits in the other. It has room for all that one run makes.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 << 10);
} answers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CLASSES * OUTCOMES);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps");

static __always_inline void count(u32 class, u32 outcome)
{
	u32 key = class * OUTCOMES + outcome;
	u64 *n = bpf_map_lookup_elem(&counters, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
}

// The reader's orders, which it changes while the programs run.
struct orders {
	u64 wake_bytes;  // in the ring, above which the reader is woken; below, it polls
	u64 unasked;     // bit per kind that no rule asks for
};
volatile struct orders orders SEC(".data.orders") = {.wake_bytes = 1 << 20};

static __always_inline u64 wake_flags(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= orders.wake_bytes ? BPF_RB_FORCE_WAKEUP
									 : BPF_RB_NO_WAKEUP;
}

static __always_inline struct scratch *scratch(u32 which)
{
	return bpf_map_lookup_elem(&scratches, &which);
}

// claim takes a buffer that nobody on this processor is using: who was
// preempted keeps its own. *which is its index. The claim that finds its own
// count alone has the buffer, whoever comes and goes meanwhile.
static __always_inline struct scratch *claim(u32 class, u32 *which)
{
	for (u32 i = SCRATCH_CLAIMED; i < SCRATCHES; i++) {
		struct scratch *s = scratch(i);
		if (!s)
			return NULL;
		__sync_fetch_and_add(&s->busy, 1);
		if (*(volatile u32 *)&s->busy == 1) {
			*which = i;
			return s;
		}
		__sync_fetch_and_add(&s->busy, -1);
	}
	count(class, SEEN);
	count(class, LOST_MAP_FULL);
	return NULL;
}

static __always_inline void release(struct scratch *s)
{
	__sync_fetch_and_add(&s->busy, -1);
}

// begin starts a record; the caller fills its task.
static __always_inline struct record *begin(struct scratch *s, u16 kind)
{
	struct record *r = (struct record *)s->data;
	r->kind = kind;
	r->flags = 0;
	r->mono = bpf_ktime_get_boot_ns();
	s->off = sizeof(*r);
	s->flags = 0;
	return r;
}

// bounded repeats a bound that always holds, in a form the compiler cannot
// move away from the use that the verifier checks.
static __always_inline u64 bounded(u64 size)
{
	asm volatile("if %0 <= %1 goto +1; %0 = %1" : "+r"(size) : "i"(DATA_MAX + CHUNK_MAX));
	return size;
}

static __always_inline void submit_to(void *to, struct scratch *s, u32 class, u64 wake)
{
	struct record *r = (struct record *)s->data;
	u64 size = bounded(s->off);
	r->size = size;
	r->flags = s->flags;
	count(class, SEEN);
	if (s->flags & (RECORD_READ_FAILED | RECORD_ENV_TRUNCATED))
		count(class, LOST_READ);
	if (bpf_ringbuf_output(to, r, size, wake))
		count(class, LOST_RING_FULL);
}

static __always_inline void submit(struct scratch *s, u32 class)
{
	submit_to(&ring, s, class, wake_flags());
}

// put appends an item of a constant size and returns where its bytes go.
static __always_inline void *put(struct scratch *s, u8 tag, u8 index, u16 len)
{
	u32 off = s->off;
	if (off >= DATA_MAX) {
		s->flags |= RECORD_TRUNCATED;
		return NULL;
	}
	struct item *it = (struct item *)&s->data[off];
	it->tag = tag;
	it->index = index;
	it->len = len;
	s->off = off + sizeof(*it) + len;
	return &s->data[off + sizeof(*it)];
}

static __always_inline void put_number(struct scratch *s, u8 index, u64 value)
{
	u64 *p = put(s, TAG_NUMBER, index, sizeof(value));
	if (p)
		*p = value;
}

// put_string appends a string of at most max bytes (a constant). The item's
// header goes in after the read: a faulting read may write the byte before.
static __always_inline void put_string(struct scratch *s, u8 index, const void *p, u32 max, bool user)
{
	u32 off = s->off;
	if (off >= DATA_MAX) {
		s->flags |= RECORD_TRUNCATED;
		return;
	}
	void *to = &s->data[off + sizeof(struct item)];
	long n = user ? bpf_probe_read_user_str(to, max, p) : bpf_probe_read_kernel_str(to, max, p);
	if (n < 0) {
		s->flags |= RECORD_READ_FAILED;
		return;
	}
	struct item *it = (struct item *)&s->data[off];
	it->tag = TAG_STRING;
	it->index = index;
	it->len = n;
	s->off = off + sizeof(*it) + (u32)n;
}

#endif
