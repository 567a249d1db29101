// Package beacon is what the laboratory's trojan tells its C2: who it is, from
// the kernel's point of view. The C2 writes it down as a label.
package beacon

// Hello identifies a running trojan.
type Hello struct {
	PID    int    `json:"pid"`
	Path   string `json:"path"`
	Inode  uint64 `json:"inode"`
	Device uint64 `json:"device"`
}
