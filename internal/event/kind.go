package event

// Kind names what was observed. The set is closed: a reader may meet a kind it
// does not know (from a newer agent) and keeps it, without rules matching it.
type Kind string

// Kinds of observation, grouped as in docs/event-schema.md.
const (
	// ProcessFork has the new process as Process, and who forked it as its Parent.
	ProcessFork        Kind = "process.fork"
	ProcessExec        Kind = "process.exec"
	ProcessExit        Kind = "process.exit"
	ProcessRename      Kind = "process.rename"
	ProcessCredentials Kind = "process.credentials"
	ProcessPtrace      Kind = "process.ptrace"
	// ProcessSignal is a signal that may end or stop a process of another lineage.
	ProcessSignal Kind = "process.signal"
	// ProcessNamespace : Process left or entered namespaces, or was born into new ones.
	ProcessNamespace Kind = "process.namespace"
	// ProcessControl : Process changed what the kernel allows or shows of it
	// (seccomp, prctl).
	ProcessControl Kind = "process.control"

	FileCreate     Kind = "file.create"
	FileCloseWrite Kind = "file.close_write"
	FileOpen       Kind = "file.open"
	FileRename     Kind = "file.rename"
	FileLink       Kind = "file.link"
	FileUnlink     Kind = "file.unlink"
	FileAttributes Kind = "file.attributes"
	MemfdCreate    Kind = "memfd.create"
	// FileHash carries the digest of a file that an earlier event of the same
	// Inode had as pending; Process is the one of that event.
	FileHash Kind = "file.hash"
	// FileDiff carries what changed in a definition file, which an earlier event
	// had as pending, or which was written and is still held open.
	FileDiff Kind = "file.diff"

	NetworkConnect Kind = "network.connect"
	NetworkAccept  Kind = "network.accept"
	NetworkListen  Kind = "network.listen"
	NetworkClose   Kind = "network.close"
	// NetworkBytes is what an open connection has carried so far.
	NetworkBytes Kind = "network.bytes"
	// NetworkSocket is a raw or packet socket, which sees or sends what it likes.
	NetworkSocket Kind = "network.socket"
	DNSQuery      Kind = "dns.query"

	KernelModule Kind = "kernel.module"
	KernelBPF    Kind = "kernel.bpf"
	KernelMount  Kind = "kernel.mount"
	KernelKexec  Kind = "kernel.kexec"

	// ContainerStart is the first sight of a container, with what its runtime
	// says of it; ContainerStop the end of its first process.
	ContainerStart Kind = "container.start"
	ContainerStop  Kind = "container.stop"

	// LoginSuccess : somebody got in. LoginFailure : somebody did not.
	// LoginElevate : somebody became somebody else (sudo, su), or was refused;
	// Access.Outcome says which. LoginLogout is the end of a session.
	LoginSuccess Kind = "login.success"
	LoginFailure Kind = "login.failure"
	LoginElevate Kind = "login.elevate"
	LoginLogout  Kind = "login.logout"
	// AccountChanged : an account or group was made, changed or removed.
	AccountChanged Kind = "account.change"
	// WebAccess is a request in the access log of a web server.
	WebAccess Kind = "web.access"
	// LogLine is any other line, LogAudit a record of the audit daemon.
	LogLine  Kind = "log.line"
	LogAudit Kind = "log.audit"

	SensorCoverage Kind = "sensor.coverage"
	SensorStart    Kind = "sensor.start"
	SensorStop     Kind = "sensor.stop"
	// SensorTamper : something was done to the agent or its sensor, by Process
	// where that is known; Message says what.
	SensorTamper Kind = "sensor.tamper"
	// SensorOffline : the agent was without its server, as Message says.
	SensorOffline Kind = "sensor.offline"
	AgentAction   Kind = "agent.action"

	// ProbeCall : the application called a method that a probe watches, for the
	// first time with this argument by this way. ProbeRepeat : Count more of them.
	ProbeCall   Kind = "probe.call"
	ProbeRepeat Kind = "probe.repeat"
	// ProbeState : what became of a probe in Process, or what it said that was
	// refused, as Message says.
	ProbeState Kind = "probe.state"

	// HostSilent is the server's: nothing came from a host for long.
	HostSilent Kind = "host.silent"
	// GatewayRefused is written by the server: something a connected agent
	// sent was refused, with the reason in Message.
	GatewayRefused Kind = "gateway.refused"
)

// Control records of the engine's log. They make everything that changes the
// engine's answers an event of that log, so that a replay repeats them.
const (
	// EngineTick carries the passing of time (Event.Time), once a second.
	EngineTick Kind = "engine.tick"
	// EngineRuleFile carries one file of the rules that the EngineRules behind
	// it puts in force, as JSON in Message.
	EngineRuleFile Kind = "engine.rule_file"
	// EngineRules says that the rule revision in Message (a content digest)
	// is in force from here on.
	EngineRules Kind = "engine.rules"
	// EngineExceptions carries all exceptions in force from here on, as a JSON
	// list in Message.
	EngineExceptions Kind = "engine.exceptions"
	// EngineDecisions carries all of analysts' decisions about incidents in force
	// from here on, as a JSON list in Message.
	EngineDecisions Kind = "engine.decisions"
	// EngineLabels carries all labels of hosts and images in force from here on, as a
	// JSON list in Message.
	EngineLabels Kind = "engine.labels"
)

// IsControl reports whether the kind is a record of the engine's log rather
// than an observation of a host.
func (k Kind) IsControl() bool {
	switch k {
	case EngineTick, EngineRuleFile, EngineRules, EngineExceptions, EngineDecisions, EngineLabels:
		return true
	}
	return false
}
