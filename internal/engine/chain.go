package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/internal/provenance"
)

// maxChains bounds the kill-chain alerts that are kept as they were last told.
const maxChains = 10_000

// chainRule is the rule of the kill-chain alert.
const chainRule = "baize.kill_chain"

// maxChainEntities bounds what a kill-chain alert names.
const maxChainEntities = 64

// chain raises the kill-chain alert of an intrusion, or advances it: there is
// one for each intrusion, however often its intruder comes back. It opens when
// something that he brought runs.
func (e *Engine) chain(i *provenance.Intrusion, out *Output) {
	var before *alert.Alert
	if slot := e.chains.Get(i.ID, e.now); slot != nil {
		before = *slot
	}
	if before == nil && (i.MergedInto != "" || !reached(i, provenance.Download) || !reached(i, provenance.Execution)) {
		return
	}
	a := chainAlert(i)
	a.Image = e.merger.ImageOf(i.Org, i.ID)
	a.Labels = e.labels.Of(a.Org, a.Host, a.Image)
	if i.MergedInto != "" {
		a.Intrusion, a.Rule.Title = i.MergedInto, a.Rule.Title+goesOn
	}
	if before != nil {
		a.ID, a.Time, a.Incident, a.Revision = before.ID, before.Time, before.Incident, max(before.Revision+1, i.Revision)
		if sameChain(before, &a) {
			return
		}
		e.merger.Advance(&a, e.now)
	} else {
		a.Revision = i.Revision
		a.Incident, _ = e.merger.Add(&a, incident.Facts{}, e.now)
	}
	if id := e.merger.IncidentOf(a.ID); id != "" {
		a.Incident = id
	}
	out.Alerts = append(out.Alerts, a)
	if i.MergedInto == "" {
		e.chains.Put(i.ID, &a, e.now)
		return
	}
	e.chains.Delete(i.ID)
	if e.cfg.Trace {
		e.left = append(e.left, e.traceOf(&a))
	}
}

// goesOn ends the title of a kill chain whose intrusion turned out to be part of an
// older one that has a kill chain as well: this one advances no more, and leads to
// the intrusion in which it goes on.
const goesOn = "; goes on in the kill chain of an older intrusion"

// handOver makes the kill chain of an intrusion that of the one it became part of,
// unless that has one.
func (e *Engine) handOver(i *provenance.Intrusion) {
	if slot := e.chains.Peek(i.ID); slot != nil && e.chains.Peek(i.MergedInto) == nil {
		a := *slot
		e.chains.Delete(i.ID)
		e.chains.Put(i.MergedInto, a, e.now)
	}
}

func reached(i *provenance.Intrusion, stage string) bool {
	return slices.ContainsFunc(i.Stages, func(s provenance.Stage) bool { return s.Stage == stage && s.State == provenance.Yes })
}

// chainAlert is the alert of an intrusion's kill chain.
func chainAlert(i *provenance.Intrusion) alert.Alert {
	a := alert.Alert{
		ID: chainID(i), Kind: alert.KindChain, Org: i.Org, Host: i.Host, Service: i.Service, Intrusion: i.ID, Count: 1,
		Time: i.Updated, Last: i.Updated, Stages: i.Stages, Score: score(i.Stages),
		Rule: &alert.Rule{ID: chainRule, Title: title(i.Stages), Level: "high"},
	}
	if len(i.Roots) > 0 {
		a.Lineage = i.Roots[0].Lineage
	}
	for k := range i.Stages {
		s := &i.Stages[k]
		if s.State != provenance.Yes {
			continue
		}
		if s.Stage == provenance.Execution {
			a.Time = s.Time
		}
		if grave[s.Stage] {
			a.Rule.Level = "critical"
		}
		if t := tactics[s.Stage]; t != "" && !slices.Contains(a.Rule.Tactics, t) {
			a.Rule.Tactics = append(a.Rule.Tactics, t)
		}
	}
	slices.Sort(a.Rule.Tactics)
	a.Entities = chainEntities(i)
	return a
}

func chainID(i *provenance.Intrusion) string {
	sum := sha256.Sum256([]byte(i.Org + "\x00" + chainRule + "\x00" + i.ID))
	return hex.EncodeToString(sum[:16])
}

// grave are the stages from which on a chain is critical.
var grave = map[string]bool{
	provenance.CommandControl: true, provenance.Persist: true, provenance.CredentialAccess: true, provenance.LateralMovement: true,
	provenance.Exfiltration: true, provenance.Impact: true,
}

// tactics of stages, in the names of the matrix.
var tactics = map[string]string{
	provenance.InitialAccess: "initial-access", provenance.Download: "command-and-control", provenance.Execution: "execution",
	provenance.CommandControl: "command-and-control", provenance.Persist: "persistence", provenance.Privilege: "privilege-escalation",
	provenance.CredentialAccess: "credential-access", provenance.Discovery: "discovery", provenance.LateralMovement: "lateral-movement",
	provenance.Exfiltration: "exfiltration", provenance.Impact: "impact",
}

// title names the stages in the order in which they were reached.
func title(stages []provenance.Stage) string {
	var seen []provenance.Stage
	for _, s := range stages {
		if s.State == provenance.Yes {
			seen = append(seen, s)
		}
	}
	slices.SortStableFunc(seen, func(a, b provenance.Stage) int { return a.Time.Compare(b.Time) })
	names := make([]string, 0, len(seen))
	for _, s := range seen {
		names = append(names, strings.ReplaceAll(s.Stage, "_", " "))
	}
	return "Kill chain: " + strings.Join(names, " → ")
}

// weights of stages in the score.
var weights = map[string]int{
	provenance.InitialAccess: 10, provenance.Download: 10, provenance.Permission: 5, provenance.Execution: 15, provenance.CommandControl: 15,
	provenance.Persist: 15, provenance.Privilege: 10, provenance.CredentialAccess: 10, provenance.Discovery: 5, provenance.LateralMovement: 15,
	provenance.Exfiltration: 20, provenance.Impact: 20,
}

// score is the weight of the heaviest subsequence of stages that were reached in
// the order of tactics (RapSheet, S&P 2020), at most 100. Stages reached out of
// order count half: tools are made executable and run in any order by those who
// know that they are watched.
func score(stages []provenance.Stage) int {
	best := make([]int, len(stages))
	most, all := 0, 0
	for k := range stages {
		if stages[k].State != provenance.Yes {
			continue
		}
		weight := weights[stages[k].Stage]
		all += weight
		best[k] = weight
		for j := range k {
			if stages[j].State == provenance.Yes && !stages[j].Time.After(stages[k].Time) {
				best[k] = max(best[k], best[j]+weight)
			}
		}
		most = max(most, best[k])
	}
	return min(100, most+(all-most)/2)
}

// chainEntities are what was brought and run, and who was called.
func chainEntities(i *provenance.Intrusion) []alert.Entity {
	var list collector
	for k := range i.Files {
		f := &i.Files[k]
		if !f.Executed && !f.Executable || len(list) >= maxChainEntities {
			continue
		}
		list.add(alert.Entity{Type: alert.EntityFile, Value: i.Host.ID + ":" + f.Path, Inode: f.Inode.String(), Role: incident.RoleWritten})
		if f.SHA256 != "" {
			list.add(alert.Entity{Type: alert.EntityHash, Value: "sha256:" + f.SHA256, Role: incident.RoleWritten})
		}
	}
	for k := range i.Peers {
		p := &i.Peers[k]
		if p.Inside || p.Inbound || len(list) >= maxChainEntities {
			continue
		}
		list.add(alert.Entity{Type: alert.EntityIP, Value: p.IP, Port: p.Port, Role: "destination"})
		list.add(alert.Entity{Type: alert.EntityDomain, Value: p.Name})
	}
	return list
}

// sameChain reports whether an alert tells nothing new: the stages, their
// states and what they name are what they were.
func sameChain(a, b *alert.Alert) bool {
	return a.Rule.Title == b.Rule.Title && a.Rule.Level == b.Rule.Level && slices.Equal(a.Entities, b.Entities) &&
		slices.EqualFunc(a.Stages, b.Stages, func(x, y provenance.Stage) bool {
			return x.Stage == y.Stage && x.State == y.State && slices.Equal(x.Incomplete, y.Incomplete) && x.Time.Equal(y.Time)
		})
}
