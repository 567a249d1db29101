package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"baize/internal/event"
)

// writeWait is how long a client may take to accept what is written to it.
const writeWait = 10 * time.Second

// maxExports bounds the exports that run at once: each reads the whole log.
const maxExports = 4

func (s *Server) exportRoutes() {
	register(s, operation{method: http.MethodGet, path: "/export", id: "export-log", summary: "The engine's log: one event a line, in order", need: Analyst, audited: true}, s.exportLog)
}

// exportLog streams raw telemetry. A failure half-way ends the connection
// without the end of the body, so that no client takes a part for the whole.
func (s *Server) exportLog(ctx context.Context, _ *none) (*huma.StreamResponse, error) {
	select {
	case s.exports <- struct{}{}:
	default:
		return nil, huma.Error503ServiceUnavailable("as many exports run as may at once; try again later")
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer func() { <-s.exports }()
		hctx.SetHeader("Content-Type", "application/x-ndjson")
		hctx.SetHeader("Cache-Control", "no-store")
		_, w := humago.Unwrap(hctx)
		hctx.SetStatus(http.StatusOK)
		count, err := s.writeLog(hctx.Context(), w)
		annotate(ctx, "", strconv.FormatUint(count, 10)+" events")
		if err != nil {
			s.logger.Warn("export broke off", "events", count, "error", err)
			annotate(ctx, "", strconv.FormatUint(count, 10)+" events, broke off")
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

func (s *Server) writeLog(ctx context.Context, w http.ResponseWriter) (uint64, error) {
	out := bufio.NewWriterSize(&patientWriter{w: w}, 64<<10)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	var count uint64
	err := s.log.Read(ctx, func(e *event.Event) error {
		count++
		return encoder.Encode(e)
	})
	if err != nil {
		return count, err
	}
	return count, out.Flush()
}

// patientWriter gives each write its own deadline: a transfer may take as long
// as it moves.
type patientWriter struct{ w http.ResponseWriter }

func (p *patientWriter) Write(b []byte) (int, error) {
	if err := http.NewResponseController(p.w).SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}
