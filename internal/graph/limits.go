package graph

import "time"

// Limits bound what the graph holds. At a limit what was used longest ago
// leaves, and Stats counts it.
type Limits struct {
	// Hosts known at once.
	Hosts int
	// ProcessesPerHost and FilesPerHost known at once.
	ProcessesPerHost int
	FilesPerHost     int
	// Processes of all hosts together, and Files, which also bounds their names.
	// Over it, a host above its share gives up its own oldest, otherwise the host
	// that got none for longest does.
	Processes int
	Files     int
	// PeersPerHost are the other ends of conversations known at once, Peers those
	// of all hosts together.
	PeersPerHost, Peers int
	// EdgesPerHost bounds what is remembered of who did what to whom, BonesPerHost
	// that which is remembered for long, Edges and Bones both of all hosts together.
	EdgesPerHost, BonesPerHost int
	Edges, Bones               int
	// KeptPerHost are the processes and files of intrusions that are kept beyond
	// the others.
	KeptPerHost int
	// Contexts known at once, of all hosts, and Sides of conversations: of which
	// the other host has not told yet, and that one of ours began.
	Contexts, Sides int
	// Exited is how long an exited process stays known.
	Exited time.Duration
	// Silent is how long a process or file stays known without any event.
	Silent time.Duration
}

// DefaultLimits keep a host below 15 MB and all hosts together below 400 MB.
func DefaultLimits() Limits {
	return Limits{
		Hosts:            20_000,
		ProcessesPerHost: 10_240,
		FilesPerHost:     8_192,
		Processes:        200_000,
		Files:            200_000,
		PeersPerHost:     2_048,
		Peers:            200_000,
		EdgesPerHost:     150_000,
		BonesPerHost:     30_000,
		Edges:            1_000_000,
		Bones:            500_000,
		KeptPerHost:      4_096,
		Contexts:         100_000,
		Sides:            100_000,
		Exited:           2 * time.Hour,
		Silent:           30 * 24 * time.Hour,
	}
}

// Stats says how much the graph holds, and has given up at its limits.
type Stats struct {
	Hosts, Processes, Files, Names, Contexts, Peers, Edges, Bones, Intrusions int

	Evicted uint64
}
