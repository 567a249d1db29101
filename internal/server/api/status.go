package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"baize/internal/event"
	"baize/internal/server/state"
)

// Status is the health of the whole in one answer.
type Status struct {
	Version string `json:"version"`
	Hosts   struct {
		Total     int `json:"total"`
		Connected int `json:"connected"`
		// Armed are those connected whose sensor is attached.
		Armed   int `json:"armed"`
		Revoked int `json:"revoked"`
	} `json:"hosts"`
	// Tiers counts connected hosts by the tier of their sensor.
	Tiers map[uint32]int `json:"tiers"`
	// Coverage is the worst state of each class over the connected hosts.
	Coverage []Class `json:"coverage" nullable:"false"`
	// Lost is the number of events lost by connected hosts since their agents started.
	Lost       uint64 `json:"lost"`
	SpoolBytes uint64 `json:"spool_bytes"`
	Engine     struct {
		// Position is how far the log is in alerts and incidents, Last its end.
		Position uint64 `json:"position"`
		Last     uint64 `json:"last"`
		// Lag is the number of messages of the log that are still to be read.
		Lag uint64 `json:"lag"`
	} `json:"engine"`
	Alerts    int64 `json:"alerts"`
	Incidents struct {
		Open   int64 `json:"open"`
		Closed int64 `json:"closed"`
	} `json:"incidents"`
}

// busShift is where the number of the message is in a position of the log;
// below it is the index of the event within the message.
const busShift = 20

func (s *Server) statusRoutes() {
	register(s, operation{method: http.MethodGet, path: "/status", id: "get-status", summary: "Hosts, coverage, loss and lag", need: Viewer}, s.getStatus)
}

func (s *Server) getStatus(ctx context.Context, _ *none) (*bodyOutput[Status], error) {
	status := Status{Version: s.version, Tiers: map[uint32]int{}}
	if err := s.addHosts(ctx, &status); err != nil {
		return nil, err
	}
	if err := s.addEngine(ctx, &status); err != nil {
		return nil, err
	}
	counts, err := s.state.Counts(ctx)
	status.Alerts, status.Incidents.Open, status.Incidents.Closed = counts.Alerts, counts.Open, counts.Closed
	return &bodyOutput[Status]{Body: status}, err
}

func (s *Server) addEngine(ctx context.Context, status *Status) error {
	position, err := s.state.Position(ctx, state.RoleEngine)
	if err != nil {
		return err
	}
	last, err := s.log.Last(ctx)
	if err != nil {
		return err
	}
	status.Engine.Position, status.Engine.Last = position, last
	status.Engine.Lag = (max(last, position) >> busShift) - (position >> busShift)
	return nil
}

func (s *Server) addHosts(ctx context.Context, status *Status) error {
	after := ""
	for {
		hosts, err := s.fleet.Hosts(ctx, after, state.MaxPage)
		if err != nil {
			return err
		}
		for i := range hosts {
			status.addHost(&hosts[i])
		}
		if len(hosts) < state.MaxPage {
			return nil
		}
		after = hosts[len(hosts)-1].ID
	}
}

func (status *Status) addHost(h *Host) {
	status.Hosts.Total++
	if h.Revoked {
		status.Hosts.Revoked++
	}
	if !h.Connected {
		return
	}
	status.Hosts.Connected++
	if h.Armed {
		status.Hosts.Armed++
	}
	status.Tiers[h.Tier]++
	status.SpoolBytes += h.SpoolBytes
	for _, c := range h.Classes {
		status.addClass(c)
	}
}

func (status *Status) addClass(c Class) {
	status.Lost += c.Lost
	i := slices.IndexFunc(status.Coverage, func(known Class) bool { return known.Class == c.Class })
	if i < 0 {
		status.Coverage = append(status.Coverage, c)
		slices.SortFunc(status.Coverage, func(a, b Class) int { return cmp.Compare(a.Class, b.Class) })
		return
	}
	known := &status.Coverage[i]
	known.Seen += c.Seen
	known.Lost += c.Lost
	if worse(c.State, known.State) {
		known.State = c.State
	}
}

// coverageOrder is the order of the states, best first.
var coverageOrder = []string{
	event.CoverageComplete, event.CoverageCoalesced, event.CoverageFiltered,
	event.CoverageThrottled, event.CoverageLost, event.CoverageUnavailable,
}

// worse says that coverage a vouches for less than b. A state that is not
// known vouches for nothing.
func worse(a, b string) bool {
	place := func(state string) int {
		if i := slices.Index(coverageOrder, state); i >= 0 {
			return i
		}
		return len(coverageOrder)
	}
	return place(a) > place(b)
}
