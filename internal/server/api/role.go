package api

// Role is what a principal may do. Each role may do what those before it may.
type Role string

// Roles, least first.
const (
	// Viewer sees hosts, alerts and incidents.
	Viewer Role = "viewer"
	// Analyst also reads raw telemetry.
	Analyst Role = "analyst"
	// Responder also acts on hosts.
	Responder Role = "responder"
	// Admin also manages people, hosts' identities and the audit log.
	Admin Role = "admin"
)

// Anyone marks the operations that need no login. It is nobody's role.
const Anyone Role = "anyone"

// rank orders the roles; what is no role has rank 0 and may do nothing.
var rank = map[Role]int{Viewer: 1, Analyst: 2, Responder: 3, Admin: 4}

// Valid says that r is a role a user can have.
func (r Role) Valid() bool { return rank[r] > 0 }

// May says that a principal of role r may do what needs role need.
func (r Role) May(need Role) bool { return r.Valid() && need.Valid() && rank[r] >= rank[need] }

// lesser returns the one of two roles that may do less.
func lesser(a, b Role) Role {
	if rank[a] < rank[b] {
		return a
	}
	return b
}
