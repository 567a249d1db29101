package engine

import "baize/internal/exception"

// policy is what people decided, as the log has it.
type policy struct {
	rules Rules
	// revision is the digest of the rules in force, files their content; none
	// where the log named them without.
	revision string
	files    []RuleFile
	// staged are the files of the revision to come, size their bytes.
	staged []RuleFile
	size   int
	// exceptions in force, and how often each has hidden something.
	exceptions *exception.Set
	hits       map[string]uint64
	// problem is why the last record was not followed.
	problem string
}

// RuleDigest is the digest of the rules that the log last put in force.
func (p *policy) RuleDigest() string { return p.revision }

// Problem says which record of the log could not be followed, and why; "" where
// all were.
func (p *policy) Problem() string { return p.problem }

// follow compiles a list, with the hits of before.
func (p *policy) follow(list []exception.Exception, hits map[string]uint64) error {
	set, err := exception.Compile(list)
	if err != nil {
		return err
	}
	p.exceptions, p.hits = set, make(map[string]uint64, len(list))
	for i := range list {
		p.hits[list[i].ID] = hits[list[i].ID]
	}
	return nil
}

// policyState is a policy as a snapshot keeps it.
type policyState struct {
	Revision, Problem string
	Files, Staged     []RuleFile
	Size              int
	Exceptions        []exception.Exception
	Hits              map[string]uint64
}

func (p *policy) keepPolicy() policyState {
	return policyState{
		Revision: p.revision, Problem: p.problem, Files: p.files, Staged: p.staged, Size: p.size,
		Exceptions: p.exceptions.List(), Hits: p.hits,
	}
}

// restorePolicy compiles again what state kept.
func (e *Engine) restorePolicy(s policyState) error {
	e.revision, e.problem, e.staged, e.size = s.Revision, s.Problem, s.Staged, s.Size
	if len(s.Files) > 0 && !e.cfg.PinRules {
		rules, err := compileRevision(s.Files, s.Revision)
		if err != nil {
			return err
		}
		e.use(rules)
		e.files = s.Files
	}
	return e.follow(s.Exceptions, s.Hits)
}
