// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// What is seen and yet not told, and is counted instead: what no rule asks for,
// what comes faster than its cgroup may, and what the ring has no room for.
// What provenance rests on is never filtered nor throttled, and is the last that
// a full ring costs.
#ifndef BAIZE_ECONOMY_H
#define BAIZE_ECONOMY_H

#define O_ACCMODE 3

const volatile u64 ring_bytes = 8 << 20;
// Nanoseconds that one record of a kind costs a cgroup, and what it may owe.
const volatile u64 throttle_each = 2000000;
const volatile u64 throttle_burst = 5000000000;

// for_rules tells the kinds that exist for rules: what a process or a file comes
// from does not rest on them.
static __always_inline bool for_rules(u16 kind)
{
	return kind == KIND_OPEN || kind == KIND_SIGNAL || kind == KIND_CONTROL || kind == KIND_SOCKET;
}

// pressed tells whether the ring is too full for a kind: those for rules go
// first, at a half, then names and ends of connections, at three quarters; all
// others only when nothing fits.
static __always_inline bool pressed(u16 kind)
{
	u64 used = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	if (for_rules(kind))
		return used >= ring_bytes / 2;
	return (kind == KIND_DNS || kind == KIND_CLOSE) && used >= ring_bytes / 4 * 3;
}

// Containers may share a v2 cgroup where their runtime uses cgroup v1; each has
// its own mount namespace.
struct payer {
	u64 cgroup;
	u32 mntns, kind;
};

// debts is until when a payer has used up its rate, CLOCK_BOOTTIME.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct payer);
	__type(value, u64);
} debts SEC(".maps");

// told is which kinds a process has been told of within a second.
struct told {
	u64 second;
	u32 kinds;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct told);
} tolds SEC(".maps");

// first_of tells whether the process has not been told of with this kind within
// this second: so that nobody hides what one process does behind the flood of
// another.
static __always_inline bool first_of(struct task_struct *t, u16 kind, u64 now)
{
	struct told *of = bpf_task_storage_get(&tolds, t->group_leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	u64 second = now >> 30;
	if (!of)
		return false;
	if (of->second != second) {
		of->second = second;
		of->kinds = 0;
	}
	if (of->kinds & 1u << kind)
		return false;
	of->kinds |= 1u << kind;
	return true;
}

// throttled takes what one record costs from what the cgroup may have of a kind.
static __always_inline bool throttled(struct task_struct *t, u16 kind)
{
	u64 now = bpf_ktime_get_boot_ns();
	if (first_of(t, kind, now))
		return false;
	struct nsproxy *ns = t->nsproxy;
	struct payer p = {.cgroup = t->cgroups->dfl_cgrp->kn->id, .kind = kind};
	p.mntns = ns ? ns->mnt_ns->ns.inum : 0;
	u64 *known = bpf_map_lookup_elem(&debts, &p);
	u64 debt = known && *known > now ? *known : now;
	if (debt > now + throttle_burst)
		return true;
	debt += throttle_each;
	bpf_map_update_elem(&debts, &p, &debt, BPF_ANY);
	return false;
}

// spared is why a record of a kind for rules is not made, SEEN if it is to be.
static __always_inline u32 spared(struct task_struct *t, u16 kind)
{
	if (orders.unasked >> kind & 1)
		return FILTERED;
	if (pressed(kind))
		return LOST_SHED;
	return throttled(t, kind) ? THROTTLED : SEEN;
}

// admitted tells whether a record of a kind for rules is to be made, and counts
// it if not.
static __always_inline bool admitted(struct task_struct *t, u16 kind, u32 class)
{
	u32 why = spared(t, kind);
	if (why == SEEN)
		return true;
	count(class, SEEN);
	count(class, why);
	return false;
}

// shed tells whether the ring is too full for a kind of its class, and counts it.
static __always_inline bool shed(u16 kind, u32 class)
{
	if (!pressed(kind))
		return false;
	count(class, LOST_SHED);
	return true;
}

// discards are opens by what led to them, until when they need not be told: the
// reader saw that no watch covers the path.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} discards SEC(".maps");

static __always_inline u64 mixed(u64 a, u64 b)
{
	a = (a ^ b) * 0x9e3779b97f4a7c15;
	return a ^ a >> 29;
}

// way_of stands for a path as a task sees it, by every name and mount from the
// file up to the task's root: whatever is renamed or mounted on the way gives
// another one. It is no secret that anybody else is told.
__attribute__((noinline)) u64 way_of(u64 vfsmnt, u64 dentry_at, u64 root_mnt, u64 root_at)
{
	struct dentry *d = (void *)dentry_at;
	struct mount *m = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *top = (void *)root_mnt - bpf_core_field_offset(struct mount, mnt);
	struct dentry *mnt_root = BPF_CORE_READ(m, mnt.mnt_root);
	u64 way = mixed(root_mnt, root_at);
	for (int i = 0; i < 64; i++) {
		way = mixed(way, (u64)d);
		if (d == (void *)root_at && m == top)
			return way;
		if (d == mnt_root) {
			struct mount *up = BPF_CORE_READ(m, mnt_parent);
			if (up == m)
				return way;
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = up;
			mnt_root = BPF_CORE_READ(m, mnt.mnt_root);
			continue;
		}
		// Hash and length of the name, salted with the directory's address.
		way = mixed(way, BPF_CORE_READ(d, d_name.hash_len));
		struct dentry *up = BPF_CORE_READ(d, d_parent);
		if (up == d)
			return way;
		d = up;
	}
	return 0;
}

// discarded tells whether the reader needs no more of such opens; way is for it
// to learn by, 0 for none.
static __always_inline bool discarded(struct file *f, struct path *root, u64 *way)
{
	*way = way_of((u64)BPF_CORE_READ(f, f_path.mnt), (u64)BPF_CORE_READ(f, f_path.dentry),
		      (u64)BPF_CORE_READ(root, mnt), (u64)BPF_CORE_READ(root, dentry));
	if (!*way)
		return false;
	// The path within the file system is looked at as well.
	*way = mixed(*way, way_of(0, (u64)BPF_CORE_READ(f, f_path.dentry), 0, 0));
	*way = mixed(mixed(*way, BPF_CORE_READ(f, f_inode, i_ino)), BPF_CORE_READ(f, f_flags) & O_ACCMODE);
	u64 *until = bpf_map_lookup_elem(&discards, way);
	return until && *until > bpf_ktime_get_boot_ns();
}

// untold tells whether an open of a watched name is not to be told, and counts it.
// f is NULL where it was refused.
static __always_inline bool untold(struct task_struct *t, struct file *f, u64 *way)
{
	if (!f || !discarded(f, &t->fs->root, way))
		return !admitted(t, KIND_OPEN, CLASS_FILE);
	count(CLASS_FILE, SEEN);
	count(CLASS_FILE, LEFT);
	return true;
}

#endif
