// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "abi.h"
#include "scratch.h"
#include "task.h"
#include "economy.h"
#include "file.h"
#include "socket.h"
#include "calls.h"
#include "credentials.h"
#include "process.h"
#include "canary.h"
#include "reach.h"
#include "fileop.h"
#include "request.h"
#include "network.h"
#include "uring.h"
#include "dns.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
