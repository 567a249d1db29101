// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// DNS messages as they pass a socket, with the process that owns it: questions
// to port 53, answers from it, over UDP and TCP.
#ifndef BAIZE_DNS_H
#define BAIZE_DNS_H

#define DNS_PORT 53
#define DNS_SMALL 512
#define DNS_MIDDLE 1536
#define DNS_LARGE 4096
#define DNS_HEADER 12
#define DNS_RECORD (NET_SIZE + sizeof(struct item))

struct packet {
	u32 payload;  // offset of the DNS message
	u32 len;      // bytes of it that are there
	u32 sequence; // of what TCP carries
	bool cut;     // not the whole message
	u16 source, destination;
	u16 family;
	u8 protocol;
	u8 local[16], remote[16];
};

// parse reads the headers; false for anything but what may carry a DNS message.
static __always_inline bool parse(struct __sk_buff *skb, struct packet *p, bool egress)
{
	u8 head[40];
	u32 at;
	if (skb->protocol == __builtin_bswap16(0x0800)) {
		if (bpf_skb_load_bytes(skb, 0, head, 20))
			return false;
		at = (head[0] & 0xf) * 4;
		p->protocol = head[9];
		p->family = AF_INET;
		__builtin_memcpy(egress ? p->local : p->remote, head + 12, 4);
		__builtin_memcpy(egress ? p->remote : p->local, head + 16, 4);
	} else if (skb->protocol == __builtin_bswap16(0x86dd)) {
		if (bpf_skb_load_bytes(skb, 0, head, 40))
			return false;
		at = 40;
		p->protocol = head[6];
		p->family = AF_INET6;
		__builtin_memcpy(egress ? p->local : p->remote, head + 8, 16);
		__builtin_memcpy(egress ? p->remote : p->local, head + 24, 16);
	} else {
		return false;
	}
	if (p->protocol != IPPROTO_UDP && p->protocol != IPPROTO_TCP)
		return false;
	u16 ports[2];
	if (bpf_skb_load_bytes(skb, at, ports, sizeof(ports)))
		return false;
	p->source = __builtin_bswap16(ports[0]);
	p->destination = __builtin_bswap16(ports[1]);
	if ((egress ? p->destination : p->source) != DNS_PORT)
		return false;
	p->payload = at + 8;
	if (p->protocol == IPPROTO_TCP) {
		u8 offset;
		if (bpf_skb_load_bytes(skb, at + 12, &offset, 1) || bpf_skb_load_bytes(skb, at + 4, &p->sequence, 4))
			return false;
		p->sequence = __builtin_bswap32(p->sequence);
		p->payload = at + (offset >> 4) * 4;
	}
	if (skb->len <= p->payload)
		return false;
	p->len = skb->len - p->payload;
	return p->protocol == IPPROTO_TCP || p->len >= DNS_HEADER;
}

static __always_inline void fill_dns(u8 *at, struct __sk_buff *skb, struct packet *p, struct task_info *task,
				     bool egress, u32 max)
{
	u64 len = p->len;
	struct record *r = (void *)at;
	r->kind = KIND_DNS;
	r->flags = 0;
	r->mono = bpf_ktime_get_boot_ns();
	r->task = *task;
	at += sizeof(*r);
	*(struct item *)at = (struct item){.tag = TAG_SOCKET, .len = sizeof(struct sock_info)};
	at += sizeof(struct item);
	struct sock_info i = {
		.cookie = bpf_get_socket_cookie(skb),
		.netns = task->netns,
		.family = p->family,
		.protocol = p->protocol,
		.local_port = egress ? p->source : p->destination,
		.remote_port = DNS_PORT,
		.flags = SOCKET_INITIATED,
	};
	__builtin_memcpy(i.local, p->local, 16);
	__builtin_memcpy(i.remote, p->remote, 16);
	__builtin_memcpy(at, &i, sizeof(i));
	at += sizeof(i);
	*(struct item *)at = (struct item){.tag = TAG_NUMBER, .index = NUMBER_RESPONSE, .len = 8};
	at += sizeof(struct item);
	u64 response = !egress;
	__builtin_memcpy(at, &response, 8);
	at += 8;
	if (len > max || p->cut) {
		r->flags = RECORD_TRUNCATED;
		count(CLASS_DNS, LOST_READ);
	}
	if (len > max)
		len = max;
	// Never empty, for the verifier: there is a byte at least.
	len--;
	u64 most = max - 1;
	asm volatile("if %0 <= %1 goto +1; %0 = %1" : "+r"(len) : "r"(most));
	len++;
	*(struct item *)at = (struct item){.tag = TAG_DNS, .len = len};
	at += sizeof(struct item);
	r->size = DNS_RECORD + len;
	if (bpf_skb_load_bytes(skb, p->payload, at, len))
		r->flags |= RECORD_READ_FAILED;
}

// SUBMIT_DNS reserves a constant size, as the ring demands.
#define SUBMIT_DNS(max)                                                        \
	do {                                                                   \
		u8 *at = bpf_ringbuf_reserve(&ring, DNS_RECORD + (max), 0);    \
		if (!at) {                                                     \
			count(CLASS_DNS, LOST_RING_FULL);                      \
			return;                                                \
		}                                                              \
		fill_dns(at, skb, p, &o->task, egress, max);                   \
		bpf_ringbuf_submit(at, wake_flags());                          \
	} while (0)

static __always_inline void tell(struct __sk_buff *skb, struct packet *p, struct owner *o, bool egress)
{
	count(CLASS_DNS, SEEN);
	if (shed(KIND_DNS, CLASS_DNS))
		return;
	if (p->len <= DNS_SMALL)
		SUBMIT_DNS(DNS_SMALL);
	else if (p->len <= DNS_MIDDLE)
		SUBMIT_DNS(DNS_MIDDLE);
	else
		SUBMIT_DNS(DNS_LARGE);
}

static __always_inline void in_pieces(void)
{
	count(CLASS_DNS, SEEN);
	count(CLASS_DNS, LOST_PIECES);
}

// follows tells whether a segment comes next in its stream. What comes again was
// told; after a gap nobody knows where the messages begin.
static __always_inline bool follows(struct stream *st, struct packet *p)
{
	s32 ahead = st->known ? (s32)(p->sequence - st->next) : 0;
	if (ahead < 0)
		return false;
	st->known = 1;
	st->next = p->sequence + p->len;
	if (ahead > 0)
		st->lost = 1;
	if (st->lost)
		in_pieces();
	return !st->lost;
}

#define MESSAGES_MAX 4

// segment tells of the messages that begin in a TCP segment, each behind its
// length. Resolvers send several at once, and some a length by itself. Of a message
// in several segments the first piece is told, as cut.
static __always_inline void segment(struct __sk_buff *skb, struct packet *p, struct owner *o, bool egress)
{
	struct stream *st = &o->streams[egress];
	if (!follows(st, p))
		return;
	u32 left = p->len;
	for (int i = 0; i < MESSAGES_MAX; i++) {
		u32 whole = st->left;
		bool goes_on = whole && !st->fresh;
		if (!whole) {
			u16 length;
			if (left < 2 || bpf_skb_load_bytes(skb, p->payload, &length, 2)) {
				st->lost = 1;
				in_pieces();
				return;
			}
			whole = __builtin_bswap16(length);
			p->payload += 2;
			left -= 2;
		}
		st->fresh = !left;
		p->len = left < whole ? left : whole;
		p->cut = left < whole;
		st->left = whole - p->len;
		if (p->len && !goes_on)
			tell(skb, p, o, egress);
		p->payload += p->len;
		left -= p->len;
		if (!left)
			return;
	}
	st->lost = 1;
	in_pieces();
}

static __always_inline int message(struct __sk_buff *skb, bool egress)
{
	struct packet p = {};
	if (!parse(skb, &p, egress))
		return 1;
	struct bpf_sock *sk = (struct bpf_sock *)(long)skb->sk;
	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	if (!sk)
		return 1;
	struct owner *o = bpf_sk_storage_get(&owners, sk, NULL, 0);
	// A socket older than the sensor: a datagram leaves in the sender's context.
	if (!o && egress && p.protocol == IPPROTO_UDP)
		o = own(bpf_get_current_task_btf(), sk);
	if (!o)
		return 1;
	if (p.protocol == IPPROTO_TCP)
		segment(skb, &p, o, egress);
	else
		tell(skb, &p, o, egress);
	return 1;
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	return message(skb, true);
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	return message(skb, false);
}

#endif
