// Package api is the server's HTTP interface: what the console and the command
// line are made of. Operations are declared with huma, which makes the OpenAPI
// document from the same declarations; each names the role it needs, and one
// middleware checks it, so that an operation cannot be registered without.
//
// People have sessions, programs have tokens, and the operator on the server's
// own machine has the unix socket, where the kernel says who calls. Whatever
// changes something is in the audit log before it takes effect.
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"baize/internal/event"
	"baize/internal/server/bus"
	"baize/internal/server/policy"
	"baize/internal/server/state"
)

// base is the path that all operations are under.
const base = "/api/v1"

// maxBody bounds the body of a call that carries no more than a form.
const maxBody = 64 << 10

// Fleet is what the API needs of the parts that talk to hosts.
type Fleet interface {
	// Hosts returns at most limit hosts with an id greater than after, by id.
	Hosts(ctx context.Context, after string, limit int) ([]Host, error)
	// Host returns one host, or state.ErrNotFound.
	Host(ctx context.Context, id string) (Host, error)
	// Ping sends a signed command that does nothing and waits for its result.
	Ping(ctx context.Context, id, by string) (Result, error)
	// Stat has a host look at a file: the arguments and the detail of a result that
	// is done are those of response.ActionStat.
	Stat(ctx context.Context, id, by string, arguments map[string]string) (Result, error)
	// Do has a host carry out an action with its arguments, and waits for what
	// comes of it.
	Do(ctx context.Context, id, by, action string, arguments map[string]string, wait time.Duration) (Result, error)
	// Revoke ends the host's identity for good, and its session.
	Revoke(ctx context.Context, id, by string) error
	// EnrolToken makes a token that enrols up to uses hosts within life.
	EnrolToken(ctx context.Context, org string, uses int, life time.Duration) (string, error)
}

// Log is the engine's log.
type Log interface {
	// Read calls each with every event in order, from the oldest kept to the
	// newest at the time of the call.
	Read(ctx context.Context, each func(*event.Event) error) error
	// Last is the position of the newest event, 0 in an empty log.
	Last(ctx context.Context) (uint64, error)
	// Around returns a host's events next to a place, or bus.ErrPlace.
	Around(ctx context.Context, place bus.Place) (bus.Near, error)
	// History calls do with a host's events of a stretch, as history.Log has it.
	History(ctx context.Context, s bus.Span, do func(*event.Event) bool) (earlier, cut bool, err error)
}

// Config is what a Server is made of. All fields but Console and Now are needed.
type Config struct {
	State  *state.DB
	Fleet  Fleet
	Log    Log
	Policy *policy.Manager
	// Evidence is what is collected of hosts.
	Evidence Evidence
	// Actions is what hosts are told to do in response.
	Actions Actions
	// Console serves everything that is not the API's; nil for none.
	Console http.Handler
	Metrics *prometheus.Registry
	Logger  *slog.Logger
	Version string
	// Now is the clock of sessions and limits; nil for time.Now.
	Now func() time.Time
}

// Server answers the API's calls. Run must run while it serves.
type Server struct {
	state   *state.DB
	fleet   Fleet
	log     Log
	policy  *policy.Manager
	kept    Evidence
	actions Actions
	logger  *slog.Logger
	version string
	now     func() time.Time
	metrics *metrics
	logins  *limiter
	hub     *hub
	// exports has a place for each export that runs.
	exports chan struct{}
	api     huma.API
	handler http.Handler
}

// New makes a server.
func New(c Config) *Server {
	s := &Server{
		state: c.State, fleet: c.Fleet, log: c.Log, policy: c.Policy, kept: c.Evidence, actions: c.Actions, logger: c.Logger, version: c.Version, now: c.Now,
		metrics: newMetrics(c.Metrics), logins: newLimiter(), exports: make(chan struct{}, maxExports),
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.hub = newHub(s.state, s.render, s.logger)
	mux := http.NewServeMux()
	s.api = humago.New(mux, openAPI(c.Version))
	s.api.UseMiddleware(s.observe, s.authorize, s.throttle, s.audit)
	s.routes()
	mux.HandleFunc("/api/", notFound)
	mux.Handle("GET /metrics", s.guard(Viewer, s.metrics.handler(c.Metrics)))
	if c.Console != nil {
		mux.Handle("/", c.Console)
	}
	s.handler = harden(mux)
	return s
}

// Handler answers all requests, those for the console included.
func (s *Server) Handler() http.Handler { return s.handler }

// Run feeds the live streams until ctx ends.
func (s *Server) Run(ctx context.Context) error { return s.hub.run(ctx) }

// routes registers every operation, one function a subject.
func (s *Server) routes() {
	s.loginRoutes()
	s.alertRoutes()
	s.incidentRoutes()
	s.provenanceRoutes()
	s.ruleRoutes()
	s.exceptionRoutes()
	s.decisionRoutes()
	s.hostRoutes()
	s.labelRoutes()
	s.probeRoutes()
	s.eventRoutes()
	s.evidenceRoutes()
	s.responseRoutes()
	s.userRoutes()
	s.tokenRoutes()
	s.auditRoutes()
	s.statusRoutes()
	s.exportRoutes()
	s.streamRoutes()
}

// operation declares one call of the API.
type operation struct {
	method, path, id, summary string
	need                      Role
	// audited makes a reading call part of the audit log; others always are.
	audited bool
	// status of success; 0 for 200.
	status int
	// body bounds the call's body, in bytes; 0 for maxBody.
	body int64
}

const (
	needKey    = "role"
	auditedKey = "audited"
)

// register is the only way to add an operation: with the role it needs.
func register[I, O any](s *Server, o operation, handle func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		Method: o.method, Path: base + o.path, OperationID: o.id, Summary: o.summary, DefaultStatus: o.status,
		MaxBodyBytes: cmp.Or(o.body, maxBody), BodyReadTimeout: 10 * time.Second,
		Metadata: map[string]any{needKey: o.need, auditedKey: o.audited || o.method != http.MethodGet},
	}
	if o.need != Anyone {
		op.Description = "Needs the role " + string(o.need) + "."
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
		op.Errors = []int{http.StatusUnauthorized, http.StatusForbidden}
	}
	huma.Register(s.api, op, func(ctx context.Context, input *I) (*O, error) {
		output, err := handle(ctx, input)
		return output, s.problem(ctx, o.id, err)
	})
}
