package api

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"baize/internal/event"
	"baize/internal/server/evidence"
	"baize/internal/server/state"
)

// Evidence is what is collected of hosts, with its chain of custody.
type Evidence interface {
	// Collect asks a host, and waits for what comes of it.
	Collect(ctx context.Context, r evidence.Request, by string, wait time.Duration) (state.Evidence, error)
	// Show returns one with the uses that were made of it.
	Show(ctx context.Context, id, by string) (evidence.Custody, error)
	// Open hands one out; the caller closes it.
	Open(ctx context.Context, id, by string) (*os.File, state.Evidence, error)
	// Remove removes the content of one.
	Remove(ctx context.Context, id, by string) error
}

type evidenceFilter struct {
	PageInput
	Host  string `query:"host" maxLength:"128" doc:"Of this host"`
	Alert string `query:"alert" maxLength:"128" doc:"Asked for on behalf of this alert"`
}

type collectInput struct {
	Body struct {
		Host      string           `json:"host" minLength:"1" maxLength:"128"`
		What      string           `json:"what" enum:"file,image,process" doc:"A file by its path, what a process executes, or its memory map and redacted environment"`
		Path      string           `json:"path,omitempty" maxLength:"4096"`
		Container string           `json:"container,omitempty" maxLength:"128" doc:"Id of the container that the path is in"`
		Inode     event.FileKey    `json:"inode,omitempty" doc:"The file that is meant; another is not taken"`
		SHA256    string           `json:"sha256,omitempty" pattern:"^([0-9a-f]{64})?$" doc:"The content that is meant; other content is not taken"`
		Process   event.ProcessKey `json:"process,omitempty" doc:"Key of the process"`
		Alert     string           `json:"alert,omitempty" maxLength:"128" doc:"That it is wanted for"`
	}
}

func (s *Server) evidenceRoutes() {
	register(s, operation{method: http.MethodGet, path: "/evidence", id: "list-evidence", summary: "What was collected of hosts, and what they were asked for", need: Analyst, audited: true}, s.listEvidence)
	register(s, operation{method: http.MethodPost, path: "/evidence", id: "collect-evidence", summary: "Collect a file, an image or facts of a process, and wait for it a while", need: Responder}, s.collectEvidence)
	register(s, operation{method: http.MethodGet, path: "/evidence/{id}", id: "get-evidence", summary: "One with its chain of custody", need: Analyst, audited: true}, s.getEvidence)
	register(s, operation{method: http.MethodGet, path: "/evidence/{id}/content", id: "export-evidence", summary: "The content as it was on the host", need: Responder, audited: true}, s.exportEvidence)
	register(s, operation{method: http.MethodDelete, path: "/evidence/{id}", id: "remove-evidence", summary: "Remove the content; the record stays", need: Admin, status: http.StatusNoContent}, s.removeEvidence)
}

func (s *Server) listEvidence(ctx context.Context, in *evidenceFilter) (*listOutput[state.Evidence], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	found, next, err := s.state.ListEvidence(ctx, state.EvidenceFilter{Host: in.Host, Alert: in.Alert}, page)
	return list(found, next.String()), err
}

// collectWait is how long a call waits for a host. What comes later is recorded
// all the same.
const collectWait = 30 * time.Second

func (s *Server) collectEvidence(ctx context.Context, in *collectInput) (*bodyOutput[state.Evidence], error) {
	b := &in.Body
	annotate(ctx, b.Host, b.What+" "+b.Path+b.Process.String())
	e, err := s.kept.Collect(ctx, evidence.Request{
		Host: b.Host, What: b.What, Path: b.Path, Container: b.Container, Inode: b.Inode, SHA256: b.SHA256, Process: b.Process, Alert: b.Alert,
	}, principalOf(ctx).Name, collectWait)
	if err == nil {
		annotate(ctx, b.Host, e.State+" "+e.ID)
	}
	return &bodyOutput[state.Evidence]{Body: e}, err
}

func (s *Server) getEvidence(ctx context.Context, in *IDInput) (*bodyOutput[evidence.Custody], error) {
	e, err := s.kept.Show(ctx, in.ID, principalOf(ctx).Name)
	return &bodyOutput[evidence.Custody]{Body: e}, err
}

// exportEvidence streams. What breaks off ends the connection without the end of
// the body.
func (s *Server) exportEvidence(ctx context.Context, in *IDInput) (*huma.StreamResponse, error) {
	content, e, err := s.kept.Open(ctx, in.ID, principalOf(ctx).Name)
	if err != nil {
		return nil, err
	}
	annotate(ctx, in.ID, "sha256:"+e.SHA256+" of "+e.Host)
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer content.Close()
		hctx.SetHeader("Content-Type", "application/octet-stream")
		hctx.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "evidence-"+e.ID))
		hctx.SetHeader("Content-Length", strconv.FormatInt(e.Size, 10))
		hctx.SetHeader("Cache-Control", "no-store")
		hctx.SetHeader("Repr-Digest", reprDigest(e.SHA256))
		_, w := humago.Unwrap(hctx)
		hctx.SetStatus(http.StatusOK)
		if n, err := io.Copy(&patientWriter{w: w}, content); err != nil || n != e.Size {
			s.logger.Warn("export of evidence broke off", "evidence", e.ID, "bytes", n, "error", err)
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// reprDigest is the header of RFC 9530 for a SHA-256 in hexadecimal.
func reprDigest(digest string) string {
	sum, err := hex.DecodeString(digest)
	if err != nil {
		return ""
	}
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum) + ":"
}

func (s *Server) removeEvidence(ctx context.Context, in *IDInput) (*none, error) {
	return nil, s.kept.Remove(ctx, in.ID, principalOf(ctx).Name)
}
