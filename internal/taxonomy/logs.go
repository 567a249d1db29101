package taxonomy

import (
	"maps"
	"net/url"
	"slices"

	"baize/internal/event"
	"baize/internal/sigma"
)

// logFields are where a line came from.
var logFields = []field{
	{"Log.Source", ofLog(func(l *event.Log, out *sigma.Values) { out.NonEmpty(l.Source) })},
	{"Log.Service", ofLog(func(l *event.Log, out *sigma.Values) { out.NonEmpty(l.Service) })},
	{"Log.Unit", ofLog(func(l *event.Log, out *sigma.Values) { out.NonEmpty(l.Unit) })},
	{"Log.Path", ofLog(func(l *event.Log, out *sigma.Values) {
		if l.File != nil {
			out.NonEmpty(l.File.Path)
		}
	})},
	{"Log.Program", ofSyslog(func(s *event.Syslog, out *sigma.Values) { out.NonEmpty(s.AppName) })},
	{"Log.ProcId", ofSyslog(func(s *event.Syslog, out *sigma.Values) { out.NonEmpty(s.ProcID) })},
	{"Log.Hostname", ofSyslog(func(s *event.Syslog, out *sigma.Values) { out.NonEmpty(s.Hostname) })},
	{"Log.Facility", ofSyslog(func(s *event.Syslog, out *sigma.Values) { name(s.Facility, out) })},
	{"Log.Severity", ofSyslog(func(s *event.Syslog, out *sigma.Values) { name(s.Severity, out) })},
	{"Log.SenderUser", ofSender(func(s *event.Sender, out *sigma.Values) { user(s.User, out) })},
	{"Log.SenderUid", ofSender(func(s *event.Sender, out *sigma.Values) { userID(s.User, out) })},
	{"Log.SenderImage", ofSender(func(s *event.Sender, out *sigma.Values) { out.NonEmpty(s.Executable) })},
	{"Log.Truncated", ofLog(func(l *event.Log, out *sigma.Values) { out.Bool(l.Truncated) })},
	{"Log.Action", ofLog(func(l *event.Log, out *sigma.Values) { out.NonEmpty(l.Fields["action"]) })},
	{"Log.Command", ofLog(func(l *event.Log, out *sigma.Values) { out.NonEmpty(l.Fields["command"]) })},
	{"Log.User", ofLog(func(l *event.Log, out *sigma.Values) { out.NonEmpty(l.Fields["user"]) })},
}

// loginFields are who tried to get in, or to become somebody else.
var loginFields = []field{
	{"Login.Outcome", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Outcome) })},
	{"Login.Service", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Service) })},
	{"Login.Method", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Method) })},
	{"Login.User", access(func(a *event.Access, out *sigma.Values) { accountName(a.User, out) })},
	{"Login.Uid", access(func(a *event.Access, out *sigma.Values) { accountID(a.User, out) })},
	{"Login.UnknownUser", access(func(a *event.Access, out *sigma.Values) { out.Bool(a.UnknownUser) })},
	{"Login.By", access(func(a *event.Access, out *sigma.Values) { accountName(a.By, out) })},
	{"Login.Fingerprint", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Fingerprint) })},
	{"Login.Tty", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.TTY) })},
	{"Login.Session", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Session) })},
	{"Login.Command", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Command) })},
	{"Login.Directory", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.WorkingDirectory) })},
	{"Login.Reason", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Reason) })},
	{"Login.Domain", access(func(a *event.Access, out *sigma.Values) { out.NonEmpty(a.Domain) })},
}

// accountFields are what was done to an account or group.
var accountFields = []field{
	{"Account.Action", changed(func(c *event.AccountChange, out *sigma.Values) { out.NonEmpty(c.Action) })},
	{"Account.Name", changed(func(c *event.AccountChange, out *sigma.Values) { accountName(c.Account, out) })},
	{"Account.Uid", changed(func(c *event.AccountChange, out *sigma.Values) { accountID(c.Account, out) })},
	{"Account.Group", changed(func(c *event.AccountChange, out *sigma.Values) { accountName(c.Group, out) })},
	{"Account.Gid", changed(func(c *event.AccountChange, out *sigma.Values) { accountID(c.Group, out) })},
	{"Account.Home", changed(func(c *event.AccountChange, out *sigma.Values) { out.NonEmpty(c.Home) })},
	{"Account.Shell", changed(func(c *event.AccountChange, out *sigma.Values) { out.NonEmpty(c.Shell) })},
	{"Account.By", changed(func(c *event.AccountChange, out *sigma.Values) { accountName(c.By, out) })},
}

// webFields are Sigma's names for a request, which are those of W3C's extended
// log format. URLs come as they are in the log and, where that differs, decoded.
var webFields = []field{
	{"cs-method", request(func(h *event.HTTP, out *sigma.Values) { out.NonEmpty(h.Request.Method) })},
	{"cs-uri", ofURL(func(u *event.URL, out *sigma.Values) { decoded(u.Original, url.QueryUnescape, out) })},
	{"c-uri", ofURL(func(u *event.URL, out *sigma.Values) { decoded(u.Original, url.QueryUnescape, out) })},
	{"cs-uri-stem", ofURL(func(u *event.URL, out *sigma.Values) { decoded(u.Path, url.PathUnescape, out) })},
	{"cs-uri-query", ofURL(func(u *event.URL, out *sigma.Values) { decoded(u.Query, url.QueryUnescape, out) })},
	{"c-uri-query", ofURL(func(u *event.URL, out *sigma.Values) { decoded(u.Query, url.QueryUnescape, out) })},
	{"cs-host", ofURL(func(u *event.URL, out *sigma.Values) { out.NonEmpty(u.Domain) })},
	{"cs-referer", request(func(h *event.HTTP, out *sigma.Values) { out.NonEmpty(h.Request.Referrer) })},
	{"cs-username", request(func(h *event.HTTP, out *sigma.Values) { out.NonEmpty(h.Request.User) })},
	{"cs-version", request(func(h *event.HTTP, out *sigma.Values) { out.NonEmpty(h.Version) })},
	{"cs-user-agent", agent},
	{"c-useragent", agent},
	{"sc-status", request(func(h *event.HTTP, out *sigma.Values) { out.Int(int64(h.Response.StatusCode)) })},
	{"sc-bytes", request(func(h *event.HTTP, out *sigma.Values) { out.Int(int64(h.Response.Body.Bytes)) })},
	{"c-ip", func(r *Record, out *sigma.Values) {
		if r.event.HTTP != nil {
			ip(r.event.Source, out)
		}
	}},
}

func ofLog(get func(*event.Log, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if l := r.event.Log; l != nil {
			get(l, out)
		}
	}
}

func ofSyslog(get func(*event.Syslog, *sigma.Values)) func(*Record, *sigma.Values) {
	return ofLog(func(l *event.Log, out *sigma.Values) {
		if l.Syslog != nil {
			get(l.Syslog, out)
		}
	})
}

func ofSender(get func(*event.Sender, *sigma.Values)) func(*Record, *sigma.Values) {
	return ofLog(func(l *event.Log, out *sigma.Values) {
		if l.Sender != nil {
			get(l.Sender, out)
		}
	})
}

func access(get func(*event.Access, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if a := r.event.Access; a != nil {
			get(a, out)
		}
	}
}

func changed(get func(*event.AccountChange, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if c := r.event.Change; c != nil {
			get(c, out)
		}
	}
}

func request(get func(*event.HTTP, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if h := r.event.HTTP; h != nil {
			get(h, out)
		}
	}
}

func ofURL(get func(*event.URL, *sigma.Values)) func(*Record, *sigma.Values) {
	return func(r *Record, out *sigma.Values) {
		if u := r.event.URL; u != nil {
			get(u, out)
		}
	}
}

func agent(r *Record, out *sigma.Values) {
	if a := r.event.UserAgent; a != nil {
		out.NonEmpty(a.Original)
	}
}

func name(n *event.SyslogName, out *sigma.Values) {
	if n != nil {
		out.NonEmpty(n.Name)
	}
}

func accountName(a *event.Account, out *sigma.Values) {
	if a != nil {
		out.NonEmpty(a.Name)
	}
}

func accountID(a *event.Account, out *sigma.Values) {
	if a != nil && a.ID != nil {
		out.Int(int64(*a.ID))
	}
}

// decoded adds a part of a URL as it is, and as it reads without its escapes.
func decoded(text string, undo func(string) (string, error), out *sigma.Values) {
	out.NonEmpty(text)
	if plain, err := undo(text); err == nil && plain != text {
		out.NonEmpty(plain)
	}
}

// extra adds what a line has under a name that is no field of the taxonomy.
func (r *Record) extra(name string, out *sigma.Values) {
	if l := r.event.Log; l != nil {
		if value, ok := l.Fields[name]; ok {
			out.String(value)
		}
	}
}

// texts adds the values of a line's own fields, in the order of their names.
func (r *Record) texts(out *sigma.Values) {
	if l := r.event.Log; l != nil {
		for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
			out.NonEmpty(l.Fields[name])
		}
	}
}
