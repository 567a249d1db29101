package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/server/policy"
)

// maxPush bounds the body of a push: a pack at its limit, with escapes.
const maxPush = 2*policy.MaxPackBytes + 1<<20

// hitsWindow is how far back a listing counts the hits of a rule.
const hitsWindow = 24 * time.Hour

type pushInput struct {
	Name string `path:"name" maxLength:"64"`
	Body struct {
		Files       map[string]string `json:"files" doc:"Text of each file by its path within the pack; rules are *.yml and *.yaml, lists of placeholders lists/*.txt"`
		SkipInvalid bool              `json:"skip_invalid,omitempty" doc:"Leave invalid files out instead of refusing the pack"`
	}
}

// NameInput is exported, as what is embedded must be for its fields to be read.
type NameInput struct {
	Name string `path:"name" maxLength:"64"`
}

type enablePackInput struct {
	NameInput
	Body struct {
		Enabled bool `json:"enabled"`
	}
}

type restoreInput struct {
	NameInput
	Body struct {
		Version int `json:"version" minimum:"1"`
	}
}

type rulesInput struct {
	Pack   string `query:"pack" maxLength:"64" doc:"Rules of one pack"`
	Cursor string `query:"cursor" maxLength:"16" doc:"The field next of the page before; empty for the first"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"Items a page"`
}

// CountedRule is a rule with how often it fired lately.
type CountedRule struct {
	policy.Rule
	// Hits are the alerts of the last day.
	Hits int `json:"hits"`
}

type ruleInput struct {
	Rule string `query:"rule" required:"true" maxLength:"512" doc:"Id of the rule, or PACK/FILE where it has none"`
}

// Source is a rule with the file that holds it.
type Source struct {
	policy.Rule
	Text string `json:"text"`
}

type enableRuleInput struct {
	Body struct {
		Rule    string `json:"rule" minLength:"1" maxLength:"512" doc:"Id of the rule, or PACK/FILE where it has none"`
		Enabled bool   `json:"enabled"`
	}
}

// Reloaded says what became of each directory.
type Reloaded struct {
	Packs []string `json:"packs" nullable:"false"`
}

func (s *Server) ruleRoutes() {
	register(s, operation{method: http.MethodGet, path: "/rule-packs", id: "list-rule-packs", summary: "Packs of rules, with the report of their load", need: Viewer}, s.listPacks)
	register(s, operation{method: http.MethodPut, path: "/rule-packs/{name}", id: "push-rule-pack", summary: "Make files the newest version of a pack", need: Admin, body: maxPush}, s.pushPack)
	register(s, operation{method: http.MethodGet, path: "/rule-packs/{name}/versions", id: "list-pack-versions", summary: "Versions of a pack, latest first", need: Viewer}, s.listVersions)
	register(s, operation{method: http.MethodPost, path: "/rule-packs/{name}/enabled", id: "enable-rule-pack", summary: "Put a whole pack in force, or take it out", need: Admin}, s.enablePack)
	register(s, operation{method: http.MethodPost, path: "/rule-packs/{name}/restore", id: "restore-rule-pack", summary: "Make an earlier version of a pack the one that counts", need: Admin}, s.restorePack)
	register(s, operation{method: http.MethodPost, path: "/rule-packs/reload", id: "reload-rule-packs", summary: "Take in the packs in the server's directory", need: Admin}, s.reloadPacks)
	register(s, operation{method: http.MethodGet, path: "/rules", id: "list-rules", summary: "Rules with their hits in the last day", need: Viewer}, s.listRules)
	register(s, operation{method: http.MethodGet, path: "/rules/source", id: "get-rule-source", summary: "The file that holds a rule", need: Viewer}, s.ruleSource)
	register(s, operation{method: http.MethodPost, path: "/rules/enabled", id: "enable-rule", summary: "Put one rule in force, or take it out", need: Admin}, s.enableRule)
}

// refused lists the files for which a change of packs was refused.
func refused(err error) error {
	invalid, ok := errors.AsType[*policy.InvalidError](err)
	if !ok {
		return err
	}
	details := make([]error, 0, len(invalid.Problems))
	for _, p := range invalid.Problems {
		details = append(details, &huma.ErrorDetail{Message: p.Reason, Location: p.File + ":" + strconv.Itoa(p.Line)})
	}
	return huma.Error409Conflict(fmt.Sprintf("nothing was changed: %d rule files would be invalid", len(details)), details[:min(len(details), maxNamed)]...)
}

// maxNamed bounds the invalid files that a refusal names.
const maxNamed = 50

func (s *Server) listPacks(context.Context, *none) (*listOutput[policy.Pack], error) {
	return list(s.policy.View().Packs, ""), nil
}

// packAnswer is the answer of a change of a pack, which goes to the audit log.
func packAnswer(ctx context.Context, pack policy.Pack, err error) (*bodyOutput[policy.Pack], error) {
	if err != nil {
		return nil, refused(err)
	}
	annotate(ctx, pack.Name, fmt.Sprintf("version %d %s, enabled %v, %d rules, %d invalid files left out", pack.Number, pack.Digest, pack.Enabled, pack.Report.Rules, len(pack.Report.Invalid)))
	return &bodyOutput[policy.Pack]{Body: pack}, nil
}

func (s *Server) pushPack(ctx context.Context, in *pushInput) (*bodyOutput[policy.Pack], error) {
	pack, err := s.policy.Push(ctx, in.Name, in.Body.Files, in.Body.SkipInvalid, principalOf(ctx).Name)
	return packAnswer(ctx, pack, err)
}

func (s *Server) listVersions(ctx context.Context, in *NameInput) (*listOutput[policy.Version], error) {
	versions, err := s.policy.Versions(ctx, in.Name)
	return list(versions, ""), err
}

func (s *Server) enablePack(ctx context.Context, in *enablePackInput) (*bodyOutput[policy.Pack], error) {
	pack, err := s.policy.EnablePack(ctx, in.Name, in.Body.Enabled)
	return packAnswer(ctx, pack, err)
}

func (s *Server) restorePack(ctx context.Context, in *restoreInput) (*bodyOutput[policy.Pack], error) {
	pack, err := s.policy.Restore(ctx, in.Name, in.Body.Version)
	return packAnswer(ctx, pack, err)
}

func (s *Server) reloadPacks(ctx context.Context, _ *none) (*bodyOutput[Reloaded], error) {
	lines, err := s.policy.Reload(ctx, principalOf(ctx).Name)
	return &bodyOutput[Reloaded]{Body: Reloaded{Packs: lines}}, err
}

func (s *Server) listRules(ctx context.Context, in *rulesInput) (*listOutput[CountedRule], error) {
	hits, err := s.state.RuleHits(ctx, s.now().Add(-hitsWindow))
	if err != nil {
		return nil, err
	}
	var chosen []CountedRule
	for _, r := range s.policy.View().Rules {
		if in.Pack == "" || r.Pack == in.Pack {
			chosen = append(chosen, CountedRule{Rule: r, Hits: hits[r.Key]})
		}
	}
	from, err := strconv.Atoi("0" + in.Cursor)
	if err != nil || from > len(chosen) {
		return nil, huma.Error422UnprocessableEntity("malformed cursor")
	}
	end, next := min(from+in.Limit, len(chosen)), ""
	if end < len(chosen) {
		next = strconv.Itoa(end)
	}
	return list(chosen[from:end], next), nil
}

func (s *Server) ruleSource(ctx context.Context, in *ruleInput) (*bodyOutput[Source], error) {
	rule, text, err := s.policy.Source(ctx, in.Rule)
	return &bodyOutput[Source]{Body: Source{Rule: rule, Text: text}}, err
}

func (s *Server) enableRule(ctx context.Context, in *enableRuleInput) (*bodyOutput[policy.Rule], error) {
	annotate(ctx, in.Body.Rule, fmt.Sprintf("enabled %v", in.Body.Enabled))
	if err := s.policy.EnableRule(ctx, in.Body.Rule, in.Body.Enabled, principalOf(ctx).Name); err != nil {
		return nil, refused(err)
	}
	rule, err := s.policy.Rule(in.Body.Rule)
	return &bodyOutput[policy.Rule]{Body: rule}, err
}
