package sensor

import (
	"strings"
)

// walked is a path as the kernel side walked it.
type walked struct {
	text  string
	flags uint8
}

// decodePath joins the names, which come leaf first.
func decodePath(b []byte) walked {
	p := walked{flags: b[0]}
	names := splitNUL(b[1:])
	if p.flags&pathPseudo != 0 {
		if len(names) > 0 {
			p.text = names[len(names)-1]
		}
		return p
	}
	if len(names) == 0 {
		p.text = "/"
		return p
	}
	var s strings.Builder
	s.Grow(len(b) + len(cut))
	if p.flags&pathTruncated != 0 {
		s.WriteString(cut)
	}
	for i := len(names) - 1; i >= 0; i-- {
		s.WriteByte('/')
		s.WriteString(names[i])
	}
	p.text = s.String()
	return p
}

// cut begins a path whose upper part is not known.
const cut = "…"

// join resolves name against dir without touching the file system; symbolic
// links stay as they are.
func join(dir, name string) string {
	if name == "" || strings.HasPrefix(name, "/") {
		return name
	}
	return strings.TrimSuffix(dir, "/") + "/" + strings.TrimPrefix(name, "./")
}
