package event

// Sources of log lines.
const (
	LogJournald = "journald"
	LogFile     = "file"
)

// Log is where a line of a log came from. The line itself is Event.Message,
// without what Syslog holds of it. What a line says is what its writer chose
// to say: Sender alone is vouched for.
type Log struct {
	// Source is LogJournald or LogFile.
	Source string `json:"source"`
	// File is the file that was read.
	File *LogPath `json:"file,omitempty"`
	// Service is the program by the name that rules have for it: sshd, sudo,
	// cron, nginx.
	Service string  `json:"service,omitempty"`
	Syslog  *Syslog `json:"syslog,omitempty"`
	// Unit is the systemd unit that wrote it, by the journal's word.
	Unit string `json:"unit,omitempty"`
	// Sender is who wrote the line, as the kernel told the journal; nil for
	// files, into which any user may have a line written.
	Sender *Sender `json:"sender,omitempty"`
	// Truncated says that the line was cut at the agent's limit.
	Truncated bool `json:"truncated,omitempty"`
	// Fields are what the line has as NAME=VALUE, or what its program is known
	// to put there: those of an audit record, the command of a cron job. At
	// most MaxLogFields.
	Fields map[string]string `json:"fields,omitempty"`
}

// MaxLogFields bounds Log.Fields.
const MaxLogFields = 64

// LogPath is the file of a log.
type LogPath struct {
	Path string `json:"path"`
}

// Syslog is the head of a line as its writer gave it.
type Syslog struct {
	// AppName is the program's name for itself, ProcID its number: pid or text.
	AppName string `json:"appname,omitempty"`
	ProcID  string `json:"procid,omitempty"`
	// Hostname is in the line; a relay writes other hosts' lines.
	Hostname string `json:"hostname,omitempty"`
	// Facility and Severity by their names, such as "authpriv" and "warning".
	Facility *SyslogName `json:"facility,omitempty"`
	Severity *SyslogName `json:"severity,omitempty"`
}

// SyslogName is a facility or a severity.
type SyslogName struct {
	Name string `json:"name"`
}

// Sender is a process that wrote to the journal.
type Sender struct {
	PID        uint32 `json:"pid,omitempty"`
	User       *User  `json:"user,omitempty"`
	Executable string `json:"executable,omitempty"`
}

// Outcomes.
const (
	OutcomeSuccess = "success"
	OutcomeFailure = "failure"
)

// Access is an attempt to get in, to become somebody else, or the end of a session.
type Access struct {
	// Outcome is OutcomeSuccess or OutcomeFailure.
	Outcome string `json:"outcome,omitempty"`
	// Service is the program or PAM service asked: sshd, sudo, su, login.
	Service string `json:"service,omitempty"`
	// Method is how: password, publickey, keyboard-interactive/pam.
	Method string `json:"method,omitempty"`
	// User is the account that was asked for. UnknownUser says that there is
	// no such account.
	User        *Account `json:"user,omitempty"`
	UnknownUser bool     `json:"unknown_user,omitempty"`
	// By is the account that asked: the caller of sudo or su.
	By *Account `json:"by,omitempty"`
	// Fingerprint of the key.
	Fingerprint string `json:"fingerprint,omitempty"`
	TTY         string `json:"tty,omitempty"`
	// Session is systemd-logind's id.
	Session string `json:"session,omitempty"`
	// Command and WorkingDirectory of sudo.
	Command          string `json:"command,omitempty"`
	WorkingDirectory string `json:"working_directory,omitempty"`
	// Reason of a failure, in the program's words.
	Reason string `json:"reason,omitempty"`
	// Domain is the far end where it is a name rather than an address.
	Domain string `json:"domain,omitempty"`
}

// What was done to an account or group.
const (
	AccountCreate   = "create"
	AccountModify   = "modify"
	AccountDelete   = "delete"
	AccountPassword = "password"
	AccountJoin     = "join"
	AccountLeave    = "leave"
)

// AccountChange is a change of an account or a group.
type AccountChange struct {
	// Action is AccountCreate, AccountModify and so on.
	Action string `json:"action"`
	// Account is who was changed; nil where only a group was.
	Account *Account `json:"account,omitempty"`
	// Group that was made or joined, or the account's own.
	Group *Account `json:"group,omitempty"`
	Home  string   `json:"home,omitempty"`
	Shell string   `json:"shell,omitempty"`
	By    *Account `json:"by,omitempty"`
}

// Account is an account or group as a line names it: by name, number or both.
type Account struct {
	Name string  `json:"name,omitempty"`
	ID   *uint32 `json:"id,omitempty"`
}
