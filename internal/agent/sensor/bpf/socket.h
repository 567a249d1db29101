// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Sockets from struct sock.
#ifndef BAIZE_SOCKET_H
#define BAIZE_SOCKET_H

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_UDPLITE 136
#define IPPROTO_MPTCP 262

// stream_of is the TCP socket that a connection is: of multipath TCP the first of
// its paths, whose states and bytes are told as those of any other.
static __always_inline struct sock *stream_of(struct sock *sk)
{
	u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	if (protocol == IPPROTO_MPTCP && bpf_core_type_exists(struct mptcp_sock))
		return BPF_CORE_READ((struct mptcp_sock *)sk, first);
	return protocol == IPPROTO_TCP ? sk : NULL;
}

// fill_socket describes sk; false if it is no inet socket.
static __always_inline bool fill_socket(struct sock_info *i, struct sock *sk)
{
	struct inet_sock *inet = (void *)sk;
	__builtin_memset(i, 0, sizeof(*i));
	i->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (i->family == AF_INET) {
		__be32 local = BPF_CORE_READ(inet, inet_saddr), remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		__builtin_memcpy(i->local, &local, 4);
		__builtin_memcpy(i->remote, &remote, 4);
	} else if (i->family == AF_INET6) {
		BPF_CORE_READ_INTO(&i->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&i->remote, sk, __sk_common.skc_v6_daddr);
	} else {
		return false;
	}
	i->cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	i->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	i->protocol = BPF_CORE_READ(sk, sk_protocol);
	// skc_num is gone already when a socket closes; this stays.
	i->local_port = __builtin_bswap16(BPF_CORE_READ(inet, inet_sport));
	i->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	return true;
}

// sock_of is the socket behind a file, or NULL.
static __always_inline struct sock *sock_of(struct file *f)
{
	if ((BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	struct socket *so = BPF_CORE_READ(f, private_data);
	return BPF_CORE_READ(so, sk);
}

#endif
