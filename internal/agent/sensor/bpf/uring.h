// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// Requests through io_uring that no system call shows. Those on names are told
// when they are submitted: what became of them is not known then, but a caller
// can have its completions left out. Those that give a socket are told when they
// complete. Connections and datagrams show where those of system calls do.
#ifndef BAIZE_URING_H
#define BAIZE_URING_H

// enum io_uring_op of linux/io_uring.h.
#define RING_ACCEPT 13
#define RING_OPENAT 18
#define RING_OPENAT2 28
#define RING_RENAMEAT 35
#define RING_UNLINKAT 36
#define RING_MKDIRAT 37
#define RING_SYMLINKAT 38
#define RING_LINKAT 39
#define RING_SOCKET 45
#define O_CREAT 0100
#define O_PATH 010000000

// RING_NAME is a name of a request, as the running kernel keeps it.
#define RING_NAME(type, request, field)                                                                     \
	(bpf_core_type_exists(struct delayed_filename)                                                      \
		 ? BPF_CORE_READ((struct type##___delayed *)(request), field.__incomplete_filename)         \
		 : BPF_CORE_READ((struct type *)(request), field))

// put_name appends a name that the kernel took in, and the directory that it
// starts from.
static __always_inline void put_name(struct scratch *s, struct task_struct *t, int dfd, struct filename *name,
					u32 string, u32 place)
{
	u32 before = s->off;
	put_string(s, string, BPF_CORE_READ(name, name), USER_PATH_MAX, false);
	if (before >= DATA_MAX || s->off == before || s->data[before + sizeof(struct item)] == '/')
		return;
	if (dfd == AT_FDCWD) {
		path_of(&t->fs->pwd, &t->fs->root, place);
		return;
	}
	struct file *f = file_of(t, dfd);
	if (f)
		path_of(&f->f_path, &t->fs->root, place);
}

// ring_kind is the kind of a request on names, 0 for all others.
static __always_inline u16 ring_kind(u8 opcode, u64 open_flags)
{
	switch (opcode) {
	case RING_OPENAT:
	case RING_OPENAT2:
		if (open_flags & O_PATH)
			return 0;
		return open_flags & O_CREAT ? KIND_CREATE : KIND_OPEN;
	case RING_RENAMEAT:
		return KIND_FILE_RENAME;
	case RING_UNLINKAT:
		return KIND_UNLINK;
	case RING_MKDIRAT:
		return KIND_CREATE;
	case RING_SYMLINKAT:
	case RING_LINKAT:
		return opcode == RING_LINKAT ? KIND_LINK : KIND_CREATE;
	}
	return 0;
}

static __always_inline void put_ring_names(struct scratch *s, struct task_struct *t, void *req, u8 opcode)
{
	struct io_open *open = req;
	struct io_unlink *unlink = req;
	struct io_mkdir *mkdir = req;
	struct io_rename *rename = req;
	struct io_link *link = req;
	struct filename *text;
	switch (opcode) {
	case RING_OPENAT:
	case RING_OPENAT2:
		put_name(s, t, BPF_CORE_READ(open, dfd), RING_NAME(io_open, req, filename), STRING_USER_PATH, PLACE_BASE);
		put_number(s, NUMBER_OPEN_FLAGS, BPF_CORE_READ(open, how.flags));
		return;
	case RING_UNLINKAT:
		put_name(s, t, BPF_CORE_READ(unlink, dfd), RING_NAME(io_unlink, req, filename), STRING_USER_PATH, PLACE_BASE);
		return;
	case RING_MKDIRAT:
		put_name(s, t, BPF_CORE_READ(mkdir, dfd), RING_NAME(io_mkdir, req, filename), STRING_USER_PATH, PLACE_BASE);
		return;
	case RING_RENAMEAT:
		put_name(s, t, BPF_CORE_READ(rename, old_dfd), RING_NAME(io_rename, req, oldpath), STRING_USER_PATH, PLACE_BASE);
		put_name(s, t, BPF_CORE_READ(rename, new_dfd), RING_NAME(io_rename, req, newpath), STRING_USER_NEW_PATH,
			 PLACE_NEW_BASE);
		return;
	case RING_SYMLINKAT:
		text = RING_NAME(io_link, req, oldpath);
		put_string(s, STRING_TEXT, BPF_CORE_READ(text, name), 1024, false);
		put_name(s, t, BPF_CORE_READ(link, new_dfd), RING_NAME(io_link, req, newpath), STRING_USER_PATH, PLACE_BASE);
		return;
	case RING_LINKAT:
		put_name(s, t, BPF_CORE_READ(link, old_dfd), RING_NAME(io_link, req, oldpath), STRING_USER_PATH, PLACE_BASE);
		put_name(s, t, BPF_CORE_READ(link, new_dfd), RING_NAME(io_link, req, newpath), STRING_USER_NEW_PATH,
			 PLACE_NEW_BASE);
	}
}

// mediated has a bit for each operation that programs on the kernel's functions
// tell of (mediate.h), and so these do not.
u64 mediated = 0;

static __always_inline bool told_elsewhere(u8 opcode)
{
	return opcode < 64 && mediated >> opcode & 1;
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(on_ring_submit, struct io_kiocb *req)
{
	u8 opcode = req->opcode;
	// Most requests read, write, send and receive.
	if ((opcode != RING_OPENAT && (opcode < RING_OPENAT2 || opcode > RING_LINKAT)) || told_elsewhere(opcode))
		return 0;
	bool opens = opcode == RING_OPENAT || opcode == RING_OPENAT2;
	u16 kind = ring_kind(opcode, opens ? BPF_CORE_READ((struct io_open *)req, how.flags) : 0);
	struct task_struct *t = bpf_get_current_task_btf();
	struct scratch *s = scratch(SCRATCH_TRACE);
	if (!kind || !s || !in_scope(t))
		return 0;
	// No name can be sifted here, so no rate is held: nobody hides one open behind
	// many.
	if (kind == KIND_OPEN && pressed(kind)) {
		count(CLASS_FILE, SEEN);
		count(CLASS_FILE, LOST_SHED);
		return 0;
	}
	struct record *r = begin(s, kind);
	fill_task(&r->task, t);
	put_number(s, NUMBER_VIA, 1);
	put_ring_names(s, t, req, opcode);
	submit(s, CLASS_FILE);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(on_ring_complete, void *ring_context, struct io_kiocb *req)
{
	if (!req)
		return 0;
	u8 opcode = BPF_CORE_READ(req, opcode);
	if ((opcode != RING_ACCEPT && opcode != RING_SOCKET) || told_elsewhere(opcode))
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	int fd = BPF_CORE_READ(req, cqe.res);
	if (fd < 0 || !in_scope(t))
		return 0;
	return opcode == RING_ACCEPT ? accepted_by(t, file_of(t, fd)) : opened_socket(t, fd, true);
}

#endif
