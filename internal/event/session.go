package event

import "strconv"

// LoginSession names the audit session of whoever is logged in behind the
// event, as HOST/BOOT/NUMBER; "" where that is nobody. What a service runs has
// the session of whoever happened to start the service, which says nothing.
func (e *Event) LoginSession() string {
	p := e.Process
	if p == nil || p.Session == 0 || p.Context != nil && p.Context.Kind != "" && p.Context.Kind != ContextLogin {
		return ""
	}
	return e.Host.ID + "/" + e.Boot + "/" + strconv.FormatUint(uint64(p.Session), 10)
}
