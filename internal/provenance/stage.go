package provenance

import "time"

// Stages of the kill chain.
const (
	InitialAccess    = "initial_access"
	Download         = "download"
	Permission       = "permission"
	Execution        = "execution"
	CommandControl   = "command_and_control"
	Persist          = "persistence"
	Privilege        = "privilege_escalation"
	CredentialAccess = "credential_access"
	Discovery        = "discovery"
	LateralMovement  = "lateral_movement"
	Exfiltration     = "exfiltration"
	Impact           = "impact"
)

// StageNames in the order of tactics.
var StageNames = []string{
	InitialAccess, Download, Permission, Execution, CommandControl, Persist, Privilege, CredentialAccess, Discovery, LateralMovement,
	Exfiltration, Impact,
}

// Stage of an intrusion.
type Stage struct {
	Stage string `json:"stage"`
	State string `json:"state"`
	// Time it was first seen, Last when last.
	Time time.Time `json:"time,omitzero"`
	Last time.Time `json:"last,omitzero"`
	// Count of what was seen of it.
	Count    uint64 `json:"count,omitempty"`
	Evidence string `json:"evidence,omitempty"`
	// Alert that showed it, where one did.
	Alert string `json:"alert,omitempty"`
	// Incomplete are the classes because of which it is unknown.
	Incomplete []string `json:"incomplete,omitempty"`
}
