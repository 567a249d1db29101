// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// TCP by state changes, UDP by cgroup programs. These run in softirq or
// preempted, so they write straight into the ring and never touch scratch.
#ifndef BAIZE_NETWORK_H
#define BAIZE_NETWORK_H

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_CLOSE 7
#define TCP_LISTEN 10
#define EADDRNOTAVAIL 99
#define ENETUNREACH 101
#define ECONNABORTED 103
#define SOCK_DONE 1
#define PEERS 8
#define ACCEPTED_MAX 32768

struct peer {
	u8 address[16];
	u32 port;
};

// stream is how far the DNS messages of one direction of a connection were read.
struct stream {
	u32 next;  // sequence number
	u16 left;  // bytes of the message that has begun
	u8 known;
	u8 fresh : 1;  // only the length has come of it
	u8 lost : 1;   // where messages begin is not known any more
};

// owner is who uses a socket: who connected it, listens on it or sends on it.
struct owner {
	struct task_info task;
	u32 initiated;
	u32 next;
	struct peer peers[PEERS];
	struct stream streams[2];  // in, out
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct owner);
} owners SEC(".maps");

// accepted maps a struct sock to who accepted it, until the socket closes. The
// accept call only knows the socket by address, so this is no socket storage.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ACCEPTED_MAX);
	__type(key, u64);
	__type(value, struct task_info);
} accepted SEC(".maps");

#define NET_SIZE (sizeof(struct record) + sizeof(struct item) + sizeof(struct sock_info) + \
		  sizeof(struct item) + sizeof(u64))

// submit_socket writes a record about a socket and one number.
static __always_inline void submit_socket(u16 kind, struct task_info *task, struct sock_info *sock, u8 index, u64 n)
{
	count(CLASS_NETWORK, SEEN);
	if (shed(kind, CLASS_NETWORK))
		return;
	u8 *at = bpf_ringbuf_reserve(&ring, NET_SIZE, 0);
	if (!at) {
		count(CLASS_NETWORK, LOST_RING_FULL);
		return;
	}
	struct record *r = (void *)at;
	r->size = NET_SIZE;
	r->kind = kind;
	r->flags = 0;
	r->mono = bpf_ktime_get_boot_ns();
	r->task = *task;
	at += sizeof(*r);
	*(struct item *)at = (struct item){.tag = TAG_SOCKET, .len = sizeof(*sock)};
	at += sizeof(struct item);
	__builtin_memcpy(at, sock, sizeof(*sock));
	at += sizeof(*sock);
	*(struct item *)at = (struct item){.tag = TAG_NUMBER, .index = index, .len = sizeof(n)};
	at += sizeof(struct item);
	__builtin_memcpy(at, &n, sizeof(n));
	bpf_ringbuf_submit(r, wake_flags());
}

// own makes the current task the owner of a socket.
static __always_inline struct owner *own(struct task_struct *t, void *sk)
{
	struct owner *o = bpf_sk_storage_get(&owners, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o) {
		count(CLASS_NETWORK, LOST_MAP_FULL);
		return NULL;
	}
	fill_task(&o->task, t);
	return o;
}

static __always_inline void fill_bytes(struct sock_info *i, struct sock *sk)
{
	struct tcp_sock *tp = (void *)sk;
	// Acknowledged counts the SYN and FIN, and sent counts repeats.
	u64 sent = BPF_CORE_READ(tp, bytes_sent) - BPF_CORE_READ(tp, bytes_retrans);
	u64 acked = BPF_CORE_READ(tp, bytes_acked);
	i->bytes_out = sent < acked ? sent : acked;
	// Received counts the FIN, which leaves this flag.
	i->bytes_in = BPF_CORE_READ(tp, bytes_received) -
		      (BPF_CORE_READ(sk, __sk_common.skc_flags) >> SOCK_DONE & 1);
}

// closed ends a connection that was owned, or one that never came about.
static __always_inline void closed(struct sock *sk, struct sock_info *i, int before)
{
	u64 key = (u64)sk;
	struct task_info *acceptor = bpf_map_lookup_elem(&accepted, &key);
	struct owner *o = bpf_sk_storage_get(&owners, sk, NULL, 0);
	if (before == TCP_SYN_SENT) {
		int err = BPF_CORE_READ(sk, sk_err);
		if (o)
			submit_socket(KIND_CONNECT, &o->task, i, NUMBER_RESULT, (s64)-(err ? err : ECONNABORTED));
		return;
	}
	if (before == TCP_LISTEN)
		return;
	fill_bytes(i, sk);
	if (acceptor) {
		submit_socket(KIND_CLOSE, acceptor, i, NUMBER_RESULT, 0);
		bpf_map_delete_elem(&accepted, &key);
	} else if (o) {
		submit_socket(KIND_CLOSE, &o->task, i, NUMBER_RESULT, 0);
	}
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int before, int after)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	// The kernel gives out cookies when asked: here for the accept to come.
	if (after == TCP_ESTABLISHED && before == TCP_SYN_RECV)
		bpf_get_socket_cookie(sk);
	if (after != TCP_SYN_SENT && after != TCP_LISTEN && after != TCP_CLOSE &&
	    !(after == TCP_ESTABLISHED && before == TCP_SYN_SENT))
		return 0;
	struct owner *o;
	struct sock_info i;
	// Only these two happen in the owner's own context.
	if (after == TCP_SYN_SENT || after == TCP_LISTEN) {
		struct task_struct *t = bpf_get_current_task_btf();
		if (!in_scope(t))
			return 0;
		o = own(t, sk);
		if (!o)
			return 0;
		o->initiated = after == TCP_SYN_SENT;
		if (o->initiated)
			return 0;
	}
	if (!fill_socket(&i, sk))
		return 0;
	i.cookie = bpf_get_socket_cookie(sk);
	o = bpf_sk_storage_get(&owners, sk, NULL, 0);
	if (o && o->initiated)
		i.flags = SOCKET_INITIATED;
	if (after == TCP_CLOSE)
		closed(sk, &i, before);
	else if (o)
		submit_socket(after == TCP_LISTEN ? KIND_LISTEN : KIND_CONNECT, &o->task, &i, NUMBER_RESULT, 0);
	return 0;
}

// refused_at_once tells errors of connect that come before any change of state:
// no route, no address, forbidden.
static __always_inline bool refused_at_once(long ret)
{
	return ret == -ENETUNREACH || ret == -EADDRNOTAVAIL || ret == -EACCES || ret == -EPERM;
}

// connect_failed tells of the connects that no state change shows. The address to
// is the caller's: the socket has not taken it.
#define ADDRESS_MAX 24
static __always_inline int connect_failed(struct task_struct *t, struct file *f, u8 *to, long result)
{
	struct sock *sk = f ? sock_of(f) : NULL;
	struct sock_info i;
	u16 protocol = sk ? BPF_CORE_READ(sk, sk_protocol) : 0;
	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP) || !fill_socket(&i, sk))
		return 0;
	i.protocol = IPPROTO_TCP;
	// sockaddr_in: family, port, address; sockaddr_in6 has a flow label between.
	i.family = *(u16 *)to;
	i.remote_port = __builtin_bswap16(*(u16 *)(to + 2));
	if (i.family == AF_INET)
		__builtin_memcpy(i.remote, to + 4, 4);
	else
		__builtin_memcpy(i.remote, to + 8, 16);
	i.flags = SOCKET_INITIATED;
	struct task_info task;
	fill_task(&task, t);
	submit_socket(KIND_CONNECT, &task, &i, NUMBER_RESULT, result);
	return 0;
}

static __always_inline int accepted_by(struct task_struct *t, struct file *f)
{
	struct sock *sk = f ? sock_of(f) : NULL;
	struct sock_info i;
	sk = sk ? stream_of(sk) : NULL;
	if (!sk || !in_scope(t) || !fill_socket(&i, sk))
		return 0;
	struct task_info task;
	fill_task(&task, t);
	u64 key = (u64)sk;
	// A connection that is over already will not be closed again.
	if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_CLOSE &&
	    bpf_map_update_elem(&accepted, &key, &task, BPF_ANY))
		count(CLASS_NETWORK, LOST_MAP_FULL);
	submit_socket(KIND_ACCEPT, &task, &i, NUMBER_RESULT, 0);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int on_accept(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	return ctx->ret < 0 ? 0 : accepted_by(t, file_of(t, ctx->ret));
}

#define AF_PACKET 17
#define SOCK_RAW 3

// opened_socket tells of sockets that see or send whole packets.
static __always_inline bool whole_packets(struct sock *sk)
{
	u16 family = BPF_CORE_READ(sk, __sk_common.skc_family), type = BPF_CORE_READ(sk, sk_type);
	return family == AF_PACKET || ((family == AF_INET || family == AF_INET6) && type == SOCK_RAW);
}

static __always_inline void put_whole_packets(struct scratch *s, struct sock *sk, bool ring_request)
{
	put_number(s, NUMBER_CODE, BPF_CORE_READ(sk, sk_type));
	put_number(s, NUMBER_VIA, ring_request);
	struct sock_info *i = put(s, TAG_SOCKET, PLACE_FILE, sizeof(*i));
	if (i) {
		__builtin_memset(i, 0, sizeof(*i));
		i->family = BPF_CORE_READ(sk, __sk_common.skc_family);
		i->protocol = BPF_CORE_READ(sk, sk_protocol);
		i->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	}
	submit(s, CLASS_NETWORK);
}

static __always_inline int opened_socket(struct task_struct *t, int fd, bool ring_request)
{
	struct file *f = file_of(t, fd);
	struct sock *sk = f ? sock_of(f) : NULL;
	if (!sk || !whole_packets(sk))
		return 0;
	struct scratch *s = asked_kernel(t, KIND_SOCKET, 0);
	if (s)
		put_whole_packets(s, sk, ring_request);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_socket")
int on_socket(struct sys_exit *ctx)
{
	return ctx->ret < 0 ? 0 : opened_socket(bpf_get_current_task_btf(), ctx->ret, false);
}

// watched_peer is the other end of a connection to a watched unix socket, known
// by the name under which its server bound it, whatever name or mount led there.
static __always_inline struct unix_sock *watched_peer(struct file *f)
{
	struct unix_sock *u = f ? (void *)sock_of(f) : NULL;
	if (!u || BPF_CORE_READ(&((struct sock *)u)->__sk_common, skc_family) != AF_UNIX)
		return NULL;
	struct unix_sock *peer = (void *)BPF_CORE_READ(u, peer);
	struct dentry *d = BPF_CORE_READ(peer, path.dentry);
	if (!d || !watched_socket(d))
		return NULL;
	return peer;
}

static __always_inline void to_watched(struct scratch *s, struct task_struct *t, struct unix_sock *peer, u32 which)
{
	struct dentry *d = BPF_CORE_READ(peer, path.dentry);
	struct record *r = begin(s, KIND_CONNECT);
	fill_task(&r->task, t);
	struct sock_info *i = put(s, TAG_SOCKET, PLACE_FILE, sizeof(*i));
	if (i) {
		__builtin_memset(i, 0, sizeof(*i));
		i->family = AF_UNIX;
		i->netns = r->task.netns;
		i->flags = SOCKET_INITIATED;
	}
	struct file_info *info = put(s, TAG_FILE, PLACE_FILE, sizeof(*info));
	if (!info)
		return;
	fill_file(info, BPF_CORE_READ(d, d_inode), d);
	path_of(&peer->path, &t->fs->root, PLACE_FILE | which << 8);
	submit(s, CLASS_NETWORK);
}

// on_connect sees what no change of state shows.
SEC("tracepoint/syscalls/sys_exit_connect")
int on_connect(struct sys_exit *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf();
	if (ctx->ret && !refused_at_once(ctx->ret))
		return 0;
	struct pt_regs *r = registers(t);
	struct file *f = file_of(t, arg(r, 0));
	if (!in_scope(t))
		return 0;
	if (!ctx->ret) {
		struct unix_sock *peer = watched_peer(f);
		struct scratch *s = peer ? scratch(SCRATCH_TRACE) : NULL;
		if (s)
			to_watched(s, t, peer, SCRATCH_TRACE);
		return 0;
	}
	u8 to[ADDRESS_MAX] = {};
	u64 size = arg(r, 2);
	if (bpf_probe_read_user(to, size < sizeof(to) ? 16 : sizeof(to), (void *)arg(r, 1)))
		return 0;
	return connect_failed(t, f, to, ctx->ret);
}

// is_new remembers a peer of a datagram socket; false if it was there.
static __always_inline bool is_new(struct owner *o, struct peer *p)
{
	u64 *a = (u64 *)p->address;
	for (int n = 0; n < PEERS; n++) {
		u64 *b = (u64 *)o->peers[n].address;
		if (a[0] == b[0] && a[1] == b[1] && p->port == o->peers[n].port)
			return false;
	}
	o->peers[o->next++ & (PEERS - 1)] = *p;
	return true;
}

static __always_inline int datagram(struct bpf_sock_addr *ctx, struct sock_info *i)
{
	struct bpf_sock *sk = (struct bpf_sock *)(long)ctx->sk;
	struct task_struct *t = bpf_get_current_task_btf();
	if ((ctx->protocol != IPPROTO_UDP && ctx->protocol != IPPROTO_UDPLITE) || !sk)
		return 1;
	struct owner *o = own(t, sk);
	if (!o)
		return 1;
	o->initiated = 1;
	struct peer p = {.port = i->remote_port};
	__builtin_memcpy(p.address, i->remote, sizeof(p.address));
	if (!is_new(o, &p))
		return 1;
	i->cookie = bpf_get_socket_cookie(ctx);
	i->netns = o->task.netns;
	i->protocol = ctx->protocol;
	i->flags = SOCKET_INITIATED;
	submit_socket(KIND_CONNECT, &o->task, i, NUMBER_RESULT, 0);
	return 1;
}

static __always_inline int datagram4(struct bpf_sock_addr *ctx)
{
	struct sock_info i = {.family = AF_INET};
	u32 remote = ctx->user_ip4;
	__builtin_memcpy(i.remote, &remote, sizeof(remote));
	i.remote_port = __builtin_bswap16(ctx->user_port);
	return datagram(ctx, &i);
}

static __always_inline int datagram6(struct bpf_sock_addr *ctx)
{
	struct sock_info i = {.family = AF_INET6};
	u32 remote[4] = {ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]};
	__builtin_memcpy(i.remote, remote, sizeof(remote));
	i.remote_port = __builtin_bswap16(ctx->user_port);
	return datagram(ctx, &i);
}

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr *ctx)
{
	return datagram4(ctx);
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr *ctx)
{
	return datagram6(ctx);
}

SEC("cgroup/sendmsg4")
int on_sendmsg4(struct bpf_sock_addr *ctx)
{
	return datagram4(ctx);
}

SEC("cgroup/sendmsg6")
int on_sendmsg6(struct bpf_sock_addr *ctx)
{
	return datagram6(ctx);
}

#endif
