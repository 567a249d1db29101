package graph

import (
	"fmt"
	"strconv"
	"strings"

	"baize/internal/provenance"
)

// answers are those to the five questions, as of now.
func (h *host) answers(i *intrusion) map[string]provenance.Answer {
	out := make(map[string]provenance.Answer, len(provenance.Questions))
	for _, q := range provenance.Questions {
		out[q] = h.answer(i, q)
	}
	return out
}

// answer to one question: what was seen; or that nothing was, if telemetry was
// complete for all of the time; or that nobody knows, and why.
func (h *host) answer(i *intrusion, question string) provenance.Answer {
	yes, lines, past := evidence[question](&i.Books)
	incomplete, through := h.complete(i.Opened, restsOn[question])
	a := provenance.Answer{State: provenance.NotSeen, Evidence: past, Incomplete: incomplete}
	if through > i.Opened {
		a.AsOf = stamp(through)
	}
	switch pruned := i.Books.pruned(question); {
	case yes:
		a.State, a.Evidence = provenance.Yes, append(lines, past...)
	case len(incomplete) > 0:
		a.State = provenance.Unknown
		a.Evidence = append([]string{"telemetry is not complete since " + stamp(i.Opened).Format("15:04:05.000 UTC") + ": " + strings.Join(incomplete, ", ")}, past...)
	case pruned > 0:
		a.State = provenance.Unknown
		a.Evidence = append([]string{prunedText(pruned)}, past...)
	}
	if over := len(a.Evidence) - provenance.MaxEvidence; over > 0 {
		a.Evidence, a.More = a.Evidence[:provenance.MaxEvidence], over
	}
	return a
}

// pruned is how much of what an answer or a stage rests on was given up.
func (b *books) pruned(name string) int {
	p := &b.Pruned
	switch name {
	case provenance.Files, provenance.Deleted, provenance.Download, provenance.Permission, provenance.Execution:
		return p.Files + p.Taints
	case provenance.Persistence:
		return p.Changes + p.Taints
	case provenance.Lateral, provenance.LateralMovement, provenance.CommandControl:
		return p.Peers + p.Taints
	case provenance.CredentialAccess:
		return p.Reads + p.Taints
	case provenance.Data, provenance.Exfiltration:
		return p.Reads + p.Peers + p.Taints
	}
	return p.Taints
}

func prunedText(count int) string { return strconv.Itoa(count) + " facts were given up at a limit" }

// evidence for the questions: whether it was seen, what, and what was and is no
// more.
var evidence = map[string]func(*books) (yes bool, lines, past []string){
	provenance.Files:       filesBrought,
	provenance.Persistence: whatPersists,
	provenance.Deleted:     whatIsDeleted,
	provenance.Lateral:     whereTo,
	provenance.Data:        whatLeft,
}

func filesBrought(b *books) (yes bool, lines, past []string) {
	for _, run := range []bool{true, false} {
		for k := range b.Files {
			f := &b.Files[k].Fact
			if (f.Executed || f.Executable) != run {
				continue
			}
			lines = append(lines, fileText(f))
		}
	}
	return len(b.Files) > 0, lines, nil
}

func fileText(f *provenance.File) string {
	text := f.Path
	if f.SHA256 != "" {
		text += " sha256:" + f.SHA256
	}
	switch {
	case f.Executed:
		text += ", executed"
	case f.Executable:
		text += ", executable"
	}
	switch {
	case f.Memory:
		text += ", in memory alone"
	case f.Gone:
		text += ", deleted " + f.GoneAt.Format("15:04:05 UTC")
	default:
		text += ", still there"
	}
	return text
}

func whatPersists(b *books) (yes bool, lines, past []string) {
	for k := range b.Changes {
		c := &b.Changes[k].Fact
		text := c.Class + ": " + c.Path + " " + c.Action + " by " + c.By
		if len(c.Added) > 0 {
			text += ": " + strings.Join(c.Added, " ⏎ ")
		}
		if c.Cut {
			text += " (and more)"
		}
		if c.Undone {
			past = append(past, text+"; undone "+c.UndoneAt.Format("15:04:05 UTC"))
			continue
		}
		lines = append(lines, text)
	}
	return len(lines) > 0, lines, past
}

// whatIsDeleted is about the programs that were brought: yes where none is left,
// which nobody can say of those that were given up.
func whatIsDeleted(b *books) (yes bool, lines, past []string) {
	there := 0
	for k := range b.Files {
		f := &b.Files[k].Fact
		switch {
		case !f.Executed && !f.Executable:
		case f.Gone || f.Memory:
			lines = append(lines, fileText(f))
		default:
			there++
			past = append(past, fileText(f))
		}
	}
	if there > 0 || b.pruned(provenance.Deleted) > 0 {
		return false, nil, append(past, lines...)
	}
	return len(lines) > 0, lines, nil
}

func whereTo(b *books) (yes bool, lines, past []string) {
	for k := range b.Peers {
		if x := &b.Peers[k].Fact; x.Inside && !x.Inbound {
			lines = append(lines, peerText(x))
			yes = true
		}
	}
	for k := range b.Reads {
		if r := &b.Reads[k].Fact; r.Class == "ssh_key" || r.Class == "ssh_agent" {
			past = append(past, r.Path+" used by "+r.By)
		}
	}
	return yes, lines, past
}

func peerText(x *provenance.Peer) string {
	text := x.IP
	if x.Port != 0 {
		text += " port " + strconv.Itoa(int(x.Port))
	}
	switch {
	case x.Host != "":
		text += ", host " + x.Host + " accepted as " + x.Process.String()
	case x.Failed:
		text += ", not reached"
	}
	if x.BytesOut > 0 {
		text += fmt.Sprintf(", at least %d bytes out", x.BytesOut)
	}
	return text
}

func whatLeft(b *books) (yes bool, lines, past []string) {
	for k := range b.Reads {
		if r := &b.Reads[k].Fact; !r.Denied {
			lines = append(lines, readText(r))
		}
	}
	for k := range b.Peers {
		if x := &b.Peers[k].Fact; !x.Inside && x.BytesOut > 0 {
			lines = append(lines, peerText(x))
		}
	}
	return len(lines) > 0, lines, nil
}

// states are the states of the answers and stages in short, to tell whether
// they changed, and as of when they hold.
func (h *host) states(i *intrusion) (states string, through int64) {
	var b strings.Builder
	for _, q := range provenance.Questions {
		incomplete, until := h.complete(i.Opened, restsOn[q])
		if q == provenance.Questions[0] || until < through {
			through = until
		}
		b.WriteString(strings.Join(incomplete, ","))
		b.WriteByte(';')
	}
	for _, name := range provenance.StageNames {
		incomplete, _ := h.complete(i.Opened, restsOn[name])
		b.WriteString(strings.Join(incomplete, ","))
		b.WriteByte(';')
	}
	return b.String(), through
}

// stages are all stages of the kill chain.
func (h *host) stages(i *intrusion) []provenance.Stage {
	out := make([]provenance.Stage, len(i.Books.Stages))
	copy(out, i.Books.Stages)
	for k := range out {
		s := &out[k]
		if s.Count > 0 {
			s.State = provenance.Yes
			continue
		}
		s.State = provenance.NotSeen
		pruned := i.Books.pruned(s.Stage)
		if s.Incomplete, _ = h.complete(i.Opened, restsOn[s.Stage]); len(s.Incomplete) > 0 || pruned > 0 {
			s.State = provenance.Unknown
		}
		if pruned > 0 {
			s.Evidence = prunedText(pruned)
		}
	}
	return out
}

// readText says what was read. How much of a file was read is seen by no sensor:
// that is said, lest the file's size be taken for it, or nothing for little.
func readText(r *provenance.Read) string {
	text := r.Class + ": " + r.Path + " read by " + r.By
	if r.Size > 0 {
		text += fmt.Sprintf(", %d bytes long", r.Size)
	}
	return text + ", how much of it is unknown"
}
