// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
// What the programs write and the decoder (decode.go, abi.go) reads. A record
// is a struct record, followed by items up to record.size. An item is a struct
// item and len bytes, unaligned, unpadded. Readers skip tags they do not know.
// All numbers are in host byte order, addresses and nothing else in network
// order. The layout is documented in ../ABI.md; change all three together.
#ifndef BAIZE_ABI_H
#define BAIZE_ABI_H

enum kind {
	KIND_FORK = 1,
	KIND_EXEC,
	KIND_EXIT,
	KIND_RENAME,
	KIND_CREDENTIALS,
	KIND_PTRACE,
	KIND_CREATE,
	KIND_OPEN,
	KIND_FILE_RENAME,
	KIND_LINK,
	KIND_UNLINK,
	KIND_ATTRIBUTES,
	KIND_MEMFD,
	KIND_CONNECT,
	KIND_ACCEPT,
	KIND_LISTEN,
	KIND_CLOSE,
	KIND_DNS,
	KIND_TASK,
	KIND_CLOSE_WRITE,
	KIND_MOUNT,
	KIND_NAMESPACE,
	KIND_SIGNAL,
	KIND_CONTROL,
	KIND_MODULE,
	KIND_BPF,
	KIND_KEXEC,
	KIND_SOCKET,
};

enum tag {
	TAG_CHILD = 1,    // struct task_info
	TAG_FILE,         // struct file_info
	TAG_PATH,         // u8 path flags, then names with NULs, the leaf first
	TAG_STRING,       // bytes, perhaps with a NUL and more behind it
	TAG_ARGS,         // NUL-terminated strings
	TAG_ENV,          // one NUL-terminated NAME=value
	TAG_SOCKET,       // struct sock_info
	TAG_CREDENTIALS,  // struct cred_info
	TAG_NUMBER,       // u64
	TAG_DNS,          // a DNS message
};

// Indexes of files, paths and sockets.
enum place {
	PLACE_FILE = 0,
	PLACE_CWD = 1,
	PLACE_BASE = 2,      // directory that user path 0 is relative to
	PLACE_NEW_BASE = 3,  // the same for user path 1
	PLACE_FD0 = 4,       // to 6: the standard descriptors
	PLACE_ORIGIN = 7,    // path of the file within its file system
};

// Indexes of strings.
enum string {
	STRING_FILENAME = 0,
	STRING_INTERP,
	STRING_TTY,
	STRING_OLD_NAME,
	STRING_NEW_NAME,
	STRING_USER_PATH,
	STRING_USER_NEW_PATH,
	STRING_ATTRIBUTE,
	STRING_TEXT,
	STRING_OBJECT,
	STRING_TYPE,
};

// Indexes of numbers.
enum number {
	NUMBER_EXIT_CODE = 0,
	NUMBER_RESULT,
	NUMBER_REQUEST,
	NUMBER_OPEN_FLAGS,
	NUMBER_CHANGE,
	NUMBER_RESPONSE,
	NUMBER_PID,
	NUMBER_MODE,
	NUMBER_FLAGS,
	NUMBER_CODE,
	NUMBER_VIA,
	NUMBER_WAY,
	NUMBER_NAMED,
};

enum change { CHANGE_NONE, CHANGE_MODE, CHANGE_OWNER, CHANGE_XATTR, CHANGE_SIZE };

// Values of NUMBER_REQUEST by kind.
enum namespace_request { NAMESPACE_UNSHARE = 1, NAMESPACE_SETNS, NAMESPACE_CLONE };
enum mount_request { MOUNT_MOUNT = 1, MOUNT_MOVE, MOUNT_PIVOT, MOUNT_UMOUNT, MOUNT_DETACHED };
enum control_request { CONTROL_PRCTL = 1, CONTROL_SECCOMP };
enum module_request { MODULE_LOAD = 1, MODULE_UNLOAD };
enum kexec_request { KEXEC_LOAD = 1, KEXEC_FILE_LOAD };
enum credentials_request { CREDENTIALS_CALL, CREDENTIALS_UNEXPLAINED };

enum record_flags {
	RECORD_TRUNCATED = 1,       // something did not fit the scratch buffer
	RECORD_ARGS_TRUNCATED = 2,  // not all of argv is there
	RECORD_READ_FAILED = 4,     // some kernel or user memory could not be read
	RECORD_ENV_TRUNCATED = 8,   // not all of the environment was searched
};

enum task_flags { TASK_KERNEL_THREAD = 1 };
enum file_flags {
	FILE_DELETED = 1,
	FILE_ELSEWHERE = 2,  // executed through a mount or a root that is not the host's
};
enum path_flags {
	PATH_TRUNCATED = 1,    // more components than the walk follows
	PATH_UNREACHABLE = 2,  // the walk ended elsewhere than in the task's root
	PATH_PSEUDO = 4,       // one name outside all directories: memfd, pipe, socket
};
enum socket_flags { SOCKET_INITIATED = 1 };

struct task_info {
	u64 start, parent_start, effective, cgroup;
	u32 pid, tid, parent_pid;
	u32 uid, gid, euid, egid;
	u32 pidns, mntns, netns, nspid;
	u32 login, session, flags;
	char comm[16];
};

struct record {
	u32 size;
	u16 kind, flags;
	u64 mono;  // CLOCK_BOOTTIME, ns
	struct task_info task;
};

struct item {
	u8 tag, index;
	u16 len;
} __attribute__((packed));

struct file_info {
	u64 ino, size, magic;
	u32 dev, gen, mode, nlink, rdev, flags;
};

struct sock_info {
	u64 cookie, bytes_out, bytes_in;
	u32 netns;
	u16 family, protocol, local_port, remote_port;
	u8 local[16], remote[16];
	u32 flags;
};

struct cred_info {
	u32 uid, gid, euid, egid;
	u64 effective;
};

// Classes and outcomes index the counters map: class * OUTCOMES + outcome.
enum class { CLASS_PROCESS, CLASS_FILE, CLASS_NETWORK, CLASS_DNS, CLASS_KERNEL, CLASSES };
enum outcome {
	SEEN,
	LOST_RING_FULL,
	LOST_MAP_FULL,
	LOST_READ,
	LOST_COMPAT,  // what a 32-bit program does is hidden from system call tracepoints
	LOST_SHED,    // the ring was too full for this kind
	FILTERED,     // no rule asks for the kind
	THROTTLED,    // faster than the cgroup's rate
	LEFT,         // nobody asked for it, as the reader said before
	LOST_SKIPPED, // a program was not run, as another task was in it: the kernel counts these
	LOST_PIECES,  // a DNS message in pieces that could not be put together
	OUTCOMES,
};

#endif
