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
	// Contexts known at once, of all hosts.
	Contexts int
	// Exited is how long an exited process stays known.
	Exited time.Duration
	// Silent is how long a process or file stays known without any event.
	Silent time.Duration
}

// DefaultLimits keep a host below 8 MB and all hosts together below 200 MB.
func DefaultLimits() Limits {
	return Limits{
		Hosts:            20_000,
		ProcessesPerHost: 16_384,
		FilesPerHost:     8_192,
		Processes:        200_000,
		Files:            200_000,
		Contexts:         100_000,
		Exited:           2 * time.Hour,
		Silent:           30 * 24 * time.Hour,
	}
}

// Stats says how much the graph holds, and has given up at its limits.
type Stats struct {
	Hosts, Processes, Files, Names, Contexts int
	Evicted                                  uint64
}
