package event

import "time"

// Class groups the kinds whose completeness is vouched for together.
type Class string

// Classes of coverage.
const (
	ClassProcess Class = "process"
	ClassFile    Class = "file"
	ClassNetwork Class = "network"
	ClassDNS     Class = "dns"
	// ClassLog is what is read from logs: logins, accounts, web requests, lines.
	ClassLog Class = "log"
	// ClassKernel is what is asked of the kernel besides: namespaces, mounts,
	// signals, modules, BPF programs.
	ClassKernel Class = "kernel"
	// ClassAll is a window in which events of any class may be missing: the
	// server's say where a host's numbering has a gap.
	ClassAll Class = "all"
)

// Coverage states, best first.
const (
	CoverageComplete    = "complete"
	CoverageCoalesced   = "coalesced"
	CoverageFiltered    = "filtered"
	CoverageThrottled   = "throttled"
	CoverageLost        = "lost"
	CoverageUnavailable = "unavailable"
)

// Coverage is what the sensor vouches for: one class over one window. Whether
// "not seen" may be said, or only "unknown", rests on it.
type Coverage struct {
	Class Class     `json:"class"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	State string    `json:"state"`
	// Lost is the number of observations known to be missing.
	Lost uint64 `json:"lost"`
	// Coalesced observations are in the counts of other events; Filtered are of
	// kinds that no rule asks for, and Throttled came faster than a rate: they were
	// counted and not told.
	Coalesced uint64 `json:"coalesced,omitempty"`
	Filtered  uint64 `json:"filtered,omitempty"`
	Throttled uint64 `json:"throttled,omitempty"`
	// Reason says why the state is not complete.
	Reason string `json:"reason,omitempty"`
}

// ClassOf is the class a kind belongs to, "" for kinds outside all classes.
func ClassOf(k Kind) Class {
	switch k {
	case ProcessFork, ProcessExec, ProcessExit, ProcessRename, ProcessCredentials, ProcessPtrace:
		return ClassProcess
	case FileCreate, FileCloseWrite, FileOpen, FileRename, FileLink, FileUnlink, FileAttributes, MemfdCreate:
		return ClassFile
	case NetworkConnect, NetworkAccept, NetworkListen, NetworkClose, NetworkBytes, NetworkSocket:
		return ClassNetwork
	case DNSQuery:
		return ClassDNS
	case LoginSuccess, LoginFailure, LoginElevate, LoginLogout, AccountChanged, WebAccess, LogLine, LogAudit:
		return ClassLog
	case ProcessSignal, ProcessNamespace, ProcessControl, KernelModule, KernelBPF, KernelMount, KernelKexec:
		return ClassKernel
	}
	return ""
}
