package incident

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"baize/internal/alert"
)

// maxTold bounds how many things of one sort an account names; the rest is
// counted.
const maxTold = 4

// maxQuoted bounds, in bytes, a command that an account quotes.
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
	return strings.Join(g.english(t), " "), strings.Join(g.chinese(t), "")
}

func (g *group) english(t told) []string {
	start := stamp(g.Opened).Format("2006-01-02 15:04:05 UTC")
	var say []string
	switch {
	case g.Command != "" && g.Service != "":
		say = append(say, fmt.Sprintf("At %s the service %s on %s started a shell: %s.", start, g.Service, g.where(), quote(g.Command)))
	default:
		say = append(say, fmt.Sprintf("At %s on %s: %s.", start, g.where(), g.LeadTitle))
	}
	if n := g.shells(); n > 1 {
		say = append(say, fmt.Sprintf("It did so %d times.", n))
	}
	say = sentence(say, t.sources, "Requests came from %s.", ", ")
	say = sentence(say, t.files, "Files involved: %s.", ", ")
	say = sentence(say, t.titles, "A process gave itself the name %s.", ", ")
	say = sentence(say, t.domains, "Names asked for: %s.", ", ")
	say = sentence(say, t.peers, "Connections went out to %s.", ", ")
	alerts := plural(len(g.Nodes)+int(g.Unlisted), "alert", "alerts")
	say = append(say, fmt.Sprintf("%s, %d with repeats, on %s until %s.", alerts, g.Count, plural(len(g.Hosts), "host", "hosts"), stamp(g.Updated).Format("15:04:05 UTC")))
	return say
}

func (g *group) chinese(t told) []string {
	start := stamp(g.Opened).Format("2006-01-02 15:04:05 UTC")
	var say []string
	switch {
	case g.Command != "" && g.Service != "":
		say = append(say, fmt.Sprintf("%s,主机 %s 上的服务 %s 启动了 shell:%s。", start, g.where(), g.Service, quote(g.Command)))
	default:
		say = append(say, fmt.Sprintf("%s,主机 %s:%s。", start, g.where(), g.LeadTitle))
	}
	if n := g.shells(); n > 1 {
		say = append(say, fmt.Sprintf("共发生 %d 次。", n))
	}
	say = sentence(say, t.sources, "请求来源:%s。", "、")
	say = sentence(say, t.files, "涉及文件:%s。", "、")
	say = sentence(say, t.titles, "有进程将自身改名为 %s。", "、")
	say = sentence(say, t.domains, "查询域名:%s。", "、")
	say = sentence(say, t.peers, "外联地址:%s。", "、")
	return append(say, fmt.Sprintf("截至 %s,共 %d 条告警(含重复 %d 次),涉及 %d 台主机。",
		stamp(g.Updated).Format("15:04:05 UTC"), len(g.Nodes)+int(g.Unlisted), g.Count, len(g.Hosts)))
}

func (g *group) where() string {
	if len(g.Hosts) == 0 {
		return "?"
	}
	return hostName(g.Hosts[0])
}

// sentence adds one that names the things, or none where there is nothing.
func sentence(say, things []string, form, between string) []string {
	if len(things) == 0 {
		return say
	}
	named := strings.Join(things[:min(len(things), maxTold)], between)
	if more := len(things) - maxTold; more > 0 {
		named += fmt.Sprintf("%s… (+%d)", between, more)
	}
	return append(say, fmt.Sprintf(form, named))
}

// quote shortens a command at a rune's border.
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
