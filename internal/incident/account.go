package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"baize/internal/alert"
)

// maxTold bounds how many things of one sort an account names; the rest is
// counted.
const maxTold = 4

// maxQuoted bounds, in bytes, a command or name that an account quotes.
const maxQuoted = 160

// told is what an account tells of, taken from the entities alone.
type told struct {
	files, titles, peers, domains, sources []string
}

func tell(tallies []*tally) told {
	var t told
	for _, entity := range tallies {
		e := &entity.Entity
		switch {
		case e.Role == RoleSystem:
		case e.Type == alert.EntityFile:
			_, path, ok := strings.Cut(e.Value, ":")
			if !ok {
				path = e.Value
			}
			t.files = append(t.files, path)
		case e.Type == alert.EntityCommand && e.Role == RoleTitle:
			t.titles = append(t.titles, e.Value)
		case e.Type == alert.EntityIP && !outside(e.Value):
		case e.Type == alert.EntityIP && e.Role == RoleSource:
			t.sources = append(t.sources, e.Value)
		case e.Type == alert.EntityIP:
			t.peers = append(t.peers, peer(e))
		case e.Type == alert.EntityDomain:
			t.domains = append(t.domains, e.Value)
		}
	}
	return t
}

func peer(e *alert.Entity) string {
	if e.Port == 0 {
		return e.Value
	}
	if strings.Contains(e.Value, ":") {
		return fmt.Sprintf("[%s]:%d", e.Value, e.Port)
	}
	return fmt.Sprintf("%s:%d", e.Value, e.Port)
}

// account tells in one paragraph what happened, in English and in Chinese.
func (g *group) account(tallies []*tally) (english, chinese string) {
	t := tell(tallies)
	return visible(strings.Join(g.english(t), " ")), visible(strings.Join(g.chinese(t), ""))
}

func (g *group) english(t told) []string {
	const at = "2006-01-02 15:04:05 UTC"
	first := g.first()
	var say []string
	if e := &g.Entry; e.Command != "" && e.Service != "" {
		if first.Time < e.Time {
			say = append(say, fmt.Sprintf("The first sign, at %s on %s: %s.", stamp(first.Time).Format(at), hostName(first.Host), first.Title))
		}
		say = append(say, fmt.Sprintf("At %s the service %s on %s started a shell: %s.", stamp(e.Time).Format(at), e.Service, e.Host, quote(e.Command)))
	} else {
		say = append(say, fmt.Sprintf("At %s on %s: %s.", stamp(first.Time).Format(at), hostName(first.Host), first.Title))
		if g.LeadTitle != first.Title {
			say = append(say, fmt.Sprintf("Most severe: %s on %s.", g.LeadTitle, g.LeadHost))
		}
	}
	if n := g.shells(); n > 1 {
		say = append(say, fmt.Sprintf("Shells were started %d times.", n))
	}
	say = sentence(say, t.sources, "Requests came from %s.", ", ")
	say = sentence(say, t.files, "Files involved: %s.", ", ")
	say = sentence(say, t.titles, "A process gave itself the name %s.", ", ")
	say = sentence(say, t.domains, "Names asked for: %s.", ", ")
	say = sentence(say, t.peers, "Connections went out to %s.", ", ")
	if len(g.Hosts) > 1 {
		say = sentence(say, g.hostNames(), "Hosts: %s.", ", ")
	}
	alerts := plural(len(g.Nodes)+int(g.Unlisted), "alert", "alerts")
	return append(say, fmt.Sprintf("%s, %d with repeats, on %s until %s.", alerts, g.Count, plural(len(g.Hosts), "host", "hosts"), stamp(g.Updated).Format("15:04:05 UTC")))
}

func (g *group) chinese(t told) []string {
	const at = "2006-01-02 15:04:05 UTC"
	first := g.first()
	var say []string
	if e := &g.Entry; e.Command != "" && e.Service != "" {
		if first.Time < e.Time {
			say = append(say, fmt.Sprintf("最早迹象:%s,主机 %s:%s。", stamp(first.Time).Format(at), hostName(first.Host), first.Title))
		}
		say = append(say, fmt.Sprintf("%s,主机 %s 上的服务 %s 启动了 shell:%s。", stamp(e.Time).Format(at), e.Host, e.Service, quote(e.Command)))
	} else {
		say = append(say, fmt.Sprintf("%s,主机 %s:%s。", stamp(first.Time).Format(at), hostName(first.Host), first.Title))
		if g.LeadTitle != first.Title {
			say = append(say, fmt.Sprintf("最严重:主机 %s:%s。", g.LeadHost, g.LeadTitle))
		}
	}
	if n := g.shells(); n > 1 {
		say = append(say, fmt.Sprintf("共启动 shell %d 次。", n))
	}
	say = sentence(say, t.sources, "请求来源:%s。", "、")
	say = sentence(say, t.files, "涉及文件:%s。", "、")
	say = sentence(say, t.titles, "有进程将自身改名为 %s。", "、")
	say = sentence(say, t.domains, "查询域名:%s。", "、")
	say = sentence(say, t.peers, "外联地址:%s。", "、")
	if len(g.Hosts) > 1 {
		say = sentence(say, g.hostNames(), "涉及主机:%s。", "、")
	}
	return append(say, fmt.Sprintf("截至 %s,共 %d 条告警(含重复 %d 次),涉及 %d 台主机。",
		stamp(g.Updated).Format("15:04:05 UTC"), len(g.Nodes)+int(g.Unlisted), g.Count, len(g.Hosts)))
}

// first is the earliest alert that is listed; the one that arrived first may be
// later.
func (g *group) first() *node {
	if len(g.Nodes) == 0 {
		return &node{Time: g.Opened}
	}
	return slices.MinFunc(g.Nodes, func(a, b *node) int { return cmp.Compare(a.Time, b.Time) })
}

func (g *group) hostNames() []string {
	var names []string
	for _, h := range g.Hosts {
		names = append(names, hostName(h))
	}
	return names
}

// sentence adds one that names the things, or none where there is nothing.
func sentence(say, things []string, form, between string) []string {
	if len(things) == 0 {
		return say
	}
	var quoted []string
	for _, thing := range things[:min(len(things), maxTold)] {
		quoted = append(quoted, quote(thing))
	}
	named := strings.Join(quoted, between)
	if more := len(things) - maxTold; more > 0 {
		named += fmt.Sprintf("%s… (+%d)", between, more)
	}
	return append(say, fmt.Sprintf(form, named))
}

// visible shows as escapes what would move the cursor, end the line or turn its direction:
// names and commands are whatever an intruder chose.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// quote shortens text at a rune's border.
func quote(command string) string {
	if len(command) <= maxQuoted {
		return command
	}
	cut := maxQuoted
	for cut > 0 && !utf8.RuneStart(command[cut]) {
		cut--
	}
	return command[:cut] + "…"
}
