package sensor

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"baize/internal/event"
)

// build makes a record as the kernel side does.
type build struct{ b []byte }

func header(kind, flags uint16) *build {
	b := make([]byte, recordSize)
	order.PutUint16(b[4:], kind)
	order.PutUint16(b[6:], flags)
	order.PutUint64(b[8:], 77)
	copy(b[16:], taskBytes(41, 4100))
	return &build{b}
}

func taskBytes(pid uint32, start uint64) []byte {
	b := make([]byte, taskSize)
	order.PutUint64(b, start)
	order.PutUint64(b[8:], 4000)
	order.PutUint64(b[16:], 0xff)
	order.PutUint64(b[24:], 9)
	for i, v := range []uint32{pid, pid + 1, 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, taskKernelThread} {
		order.PutUint32(b[32+4*i:], v)
	}
	copy(b[88:], "a-comm\x00junk")
	return b
}

func (b *build) item(tag, index uint8, value ...byte) *build {
	b.b = append(b.b, tag, index, byte(len(value)), byte(len(value)>>8))
	b.b = append(b.b, value...)
	return b
}

func (b *build) number(index uint8, v uint64) *build {
	return b.item(tagNumber, index, order.AppendUint64(nil, v)...)
}

func (b *build) text(index uint8, s string) *build {
	return b.item(tagString, index, []byte(s+"\x00")...)
}

// path adds names, the leaf first.
func (b *build) path(place, flags uint8, names ...string) *build {
	return b.item(tagPath, place, append([]byte{flags}, []byte(strings.Join(names, "\x00")+"\x00")...)...)
}

func (b *build) file(place uint8, mode uint32, rdev event.Device, flags uint32) *build {
	v := make([]byte, fileSize)
	order.PutUint64(v, 1234)
	order.PutUint64(v[8:], 99)
	order.PutUint64(v[16:], magicTmpfs)
	for i, n := range []uint32{uint32(event.MakeDevice(8, 1)), 5, mode, 1, uint32(rdev), flags} {
		order.PutUint32(v[24+4*i:], n)
	}
	return b.item(tagFile, place, v...)
}

func (b *build) socket(place uint8, family, protocol uint16, local, remote []byte) *build {
	v := make([]byte, socketSize)
	order.PutUint64(v, 11)
	order.PutUint64(v[8:], 12)
	order.PutUint64(v[16:], 13)
	order.PutUint32(v[24:], 14)
	order.PutUint16(v[28:], family)
	order.PutUint16(v[30:], protocol)
	order.PutUint16(v[32:], 1000)
	order.PutUint16(v[34:], 53)
	copy(v[36:52], local)
	copy(v[52:68], remote)
	order.PutUint32(v[68:], socketInitiated)
	return b.item(tagSocket, place, v...)
}

func (b *build) bytes() []byte {
	order.PutUint32(b.b, uint32(len(b.b)))
	return b.b
}

// decoded decodes a record that must be right.
func decoded(t *testing.T, b *build) Record {
	t.Helper()
	r, err := decode(b.bytes())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// samples are one record of every kind, also the seeds of the fuzzing.
func samples() map[string]*build {
	four := []byte{127, 0, 0, 1}
	return map[string]*build{
		"fork": header(kindFork, 0).item(tagChild, 0, taskBytes(42, 4200)...),
		"exec": header(kindExec, recordArgsTruncated|recordEnvTruncated).file(placeFile, modeRegular|0o755, 0, fileDeleted).
			path(placeFile, 0, "kworker", "shm", "dev").path(placeCwd, 0, "x", "tmp").
			text(stringFilename, "./run.sh").text(stringInterp, "/bin/sh").text(stringTTY, "pts0").
			file(placeFd0, modeChar|0o666, event.MakeDevice(majorMem, minorNull), 0).path(placeFd0, 0, "null", "dev").
			file(placeFd0+1, modeSocket, 0, 0).socket(placeFd0+1, familyINET, protocolTCP, four, []byte{203, 0, 113, 9}).
			item(tagEnv, 0, []byte("LD_PRELOAD=/x\x00")...).item(tagArgs, 0, []byte("sh\x00\x00last")...),
		"exit":   header(kindExit, 0).number(numberExitCode, 0x300),
		"rename": header(kindRename, 0).text(stringOldName, "old").text(stringNewName, "new").item(tagArgs, 0, []byte("new\x00")...),
		"credentials": header(kindCredentials, 0).item(tagCredentials, 0,
			append(make([]byte, 16), 0xff, 0, 0, 0, 0, 0, 0, 0)...),
		"ptrace": header(kindPtrace, 0).number(numberRequest, 16).number(numberPID, 7),
		"file rename": header(kindFileRename, 0).path(placeBase, 0, "dir", "tmp").text(stringUserPath, "a").
			path(placeNewBase, 0).text(stringUserNewPath, "b"),
		"named rename": header(kindFileRename, 0).number(numberNamed, 1).file(placeFile, modeRegular, 0, 0).
			path(placeBase, pathUnreachable, "dir").text(stringUserPath, "a").path(placeNewBase, pathUnreachable, "dir").text(stringUserNewPath, "b"),
		"xattr": header(kindAttributes, 0).number(numberChange, changeXattr).text(stringAttribute, "user.x").
			file(placeFile, modeRegular, 0, 0).path(placeFile, pathTruncated, "leaf", "up"),
		"chmod":   header(kindAttributes, 0).number(numberChange, changeMode).number(numberMode, 0o4755).text(stringUserPath, "/x"),
		"memfd":   header(kindMemfd, 0).file(placeFile, modeRegular, 0, fileDeleted).path(placeFile, pathPseudo, "memfd:x"),
		"connect": header(kindConnect, 0).socket(placeFile, familyINET, protocolTCP, four, four).number(numberResult, ^uint64(110)),
		"mount": header(kindMount, 0).number(numberRequest, uint64(MountMount)).number(numberMode, 0x1000).path(placeBase, 0, "tmp").
			text(stringUserPath, "at").text(stringText, "/origin").text(stringAttribute, "none"),
		"pivot":     header(kindMount, 0).number(numberRequest, uint64(MountPivot)).text(stringUserPath, "/new").text(stringUserNewPath, "/new/old"),
		"namespace": header(kindNamespace, 0).number(numberRequest, uint64(NamespaceSetns)).number(numberFlags, 1<<17).text(stringType, "mnt"),
		"signal":    header(kindSignal, 0).number(numberRequest, 9).item(tagChild, 0, taskBytes(42, 4200)...),
		"module": header(kindModule, 0).number(numberRequest, uint64(ModuleLoad)).number(numberFlags, 1<<13).text(stringObject, "m").
			file(placeFile, modeRegular, 0, 0).path(placeFile, 0, "m.ko", "tmp"),
		"bpf":   header(kindBPF, 0).number(numberRequest, 5).number(numberCode, 29).text(stringObject, "p"),
		"kexec": header(kindKexec, 0).number(numberRequest, uint64(KexecLoad)).number(numberResult, ^uint64(0)),
		"dns": header(kindDNS, recordTruncated).socket(placeFile, familyINET6, protocolUDP, make([]byte, 16), netip.MustParseAddr("::ffff:1.2.3.4").AsSlice()).
			number(numberResponse, 1).item(tagDNS, 0, question...),
	}
}

func TestDecodeTask(t *testing.T) {
	r := decoded(t, samples()["fork"])
	want := Task{
		PID: 41, TID: 42, Start: 4100, ParentPID: 40, ParentStart: 4000, Comm: "a-comm",
		Credentials: Credentials{UID: 1, GID: 2, EUID: 3, EGID: 4, Effective: 0xff},
		Cgroup:      9, PIDNS: 5, MountNS: 6, NetNS: 7, NamespacePID: 8, Login: 9, Session: 10, KernelThread: true,
	}
	if r.Task != want || r.Mono != 77 || r.Kind != event.ProcessFork {
		t.Errorf("%+v\nwant %+v", r.Task, want)
	}
	if r.Child.PID != 42 || r.Child.Start != 4200 {
		t.Errorf("child %+v", r.Child)
	}
}

func TestDecodeExec(t *testing.T) {
	e := decoded(t, samples()["exec"]).Exec
	if e.Image.Path != "/dev/shm/kworker" || e.Image.Device.String() != "8:1" || e.Image.Gen != 5 || !e.Image.Deleted || e.Image.Memfd {
		t.Errorf("image %+v", e.Image)
	}
	if e.Script != "/tmp/x/run.sh" || e.Cwd != "/tmp/x" || e.TTY != "pts0" || !e.ArgsTruncated || !e.EnvTruncated {
		t.Errorf("%+v", e)
	}
	if !slices.Equal(e.Args, []string{"sh", "", "last"}) || !slices.Equal(e.Env, []string{"LD_PRELOAD=/x"}) {
		t.Errorf("args %q env %q", e.Args, e.Env)
	}
	if e.Fds[0].Type != "null" || e.Fds[1].Type != "socket" || e.Fds[1].Remote.String() != "203.0.113.9:53" || e.Fds[2].Type != "closed" {
		t.Errorf("fds %+v", e.Fds)
	}
}

func TestDecodeOthers(t *testing.T) {
	all := samples()
	if r := decoded(t, all["exit"]); r.ExitCode != 0x300 {
		t.Errorf("exit %+v", r)
	}
	if r := decoded(t, all["rename"]); r.OldName != "old" || r.Name != "new" || !slices.Equal(r.Args, []string{"new"}) {
		t.Errorf("rename %+v", r)
	}
	if r := decoded(t, all["credentials"]); r.OldCredentials == nil || r.OldCredentials.Effective != 0xff {
		t.Errorf("credentials %+v", r.OldCredentials)
	}
	if r := decoded(t, all["ptrace"]); r.Request != 16 || r.targetPID != 7 {
		t.Errorf("ptrace %+v", r)
	}
	if f := decoded(t, all["file rename"]).File; f.Path != "/tmp/dir/a" || f.NewPath != "/b" || !f.FromUser {
		t.Errorf("file rename %+v", f)
	}
	if f := decoded(t, all["named rename"]).File; f.Path != "/dir/a" || f.NewPath != "/dir/b" || f.FromUser || !f.Detached || f.Inode == 0 {
		t.Errorf("named rename %+v", f)
	}
	if f := decoded(t, all["chmod"]).File; f.Change != "mode" || f.Mode != 0o4755 || !f.FromUser {
		t.Errorf("chmod %+v", f)
	}
	if f := decoded(t, all["xattr"]).File; f.Path != "…/up/leaf" || f.Change != "xattr" || f.Attribute != "user.x" || f.FromUser {
		t.Errorf("xattr %+v", f)
	}
	if f := decoded(t, all["memfd"]).File; f.Path != "memfd:x" || !f.Memfd {
		t.Errorf("memfd %+v", f)
	}
	if r := decoded(t, all["connect"]); r.Result != -111 || r.Socket.Local.String() != "127.0.0.1:1000" || r.Socket.Cookie != 11 {
		t.Errorf("connect %d %+v", r.Result, r.Socket)
	}
	if m := decoded(t, all["dns"]).DNS; !m.Response || !m.Truncated || m.Socket.Remote.String() != "1.2.3.4:53" || m.Socket.Transport != "udp" || string(m.Payload) != string(question) {
		t.Errorf("dns %+v", m)
	}
}

// Whatever of a record is missing, the answer is an error or a record, and an
// error names what is wrong.
func TestDecodeRequests(t *testing.T) {
	all := samples()
	mount := decoded(t, all["mount"])
	if mount.File.Path != "/tmp/at" || mount.Object != "/origin" || mount.Type != "none" || mount.Flags != 0x1000 || mount.File.Change != "" || mount.File.NewPath != "" {
		t.Errorf("mount %+v of %+v", mount, mount.File)
	}
	if r := decoded(t, all["pivot"]); r.File.Path != "/new" || r.Object != "/new/old" || r.File.NewPath != "" {
		t.Errorf("pivot %+v of %+v", r, r.File)
	}
	if r := decoded(t, all["namespace"]); r.Request != NamespaceSetns || r.Flags != 1<<17 || r.Type != "mnt" || r.File != nil {
		t.Errorf("namespace %+v", r)
	}
	if r := decoded(t, all["signal"]); r.Request != 9 || r.Child.PID != 42 {
		t.Errorf("signal %+v to %+v", r, r.Child)
	}
	if r := decoded(t, all["module"]); r.Request != ModuleLoad || r.Flags != 1<<13 || r.Object != "m" || r.File.Path != "/tmp/m.ko" || r.File.FromUser {
		t.Errorf("module %+v of %+v", r, r.File)
	}
	if r := decoded(t, all["bpf"]); r.Request != 5 || r.Code != 29 || r.Object != "p" {
		t.Errorf("bpf %+v", r)
	}
	if r := decoded(t, all["kexec"]); r.Request != KexecLoad || r.Result != -1 {
		t.Errorf("kexec %+v", r)
	}
}

func TestDecodeTruncated(t *testing.T) {
	for name, b := range samples() {
		whole := b.bytes()
		for n := range whole {
			if _, err := decode(whole[:n]); !errors.Is(err, ErrRecord) {
				t.Errorf("%s cut to %d of %d bytes: %v", name, n, len(whole), err)
			}
		}
	}
}

func TestDecodeMalformed(t *testing.T) {
	for name, b := range map[string]*build{
		"unknown kind":    header(999, 0),
		"fork of nobody":  header(kindFork, 0),
		"no socket":       header(kindConnect, 0),
		"short file":      header(kindExec, 0).item(tagFile, 0, 1, 2, 3),
		"place too high":  header(kindExec, 0).file(places, 0, 0, 0),
		"empty path":      header(kindExec, 0).item(tagPath, 0),
		"short number":    header(kindExit, 0).item(tagNumber, 0, 1),
		"number too high": header(kindExit, 0).number(numbersCount, 0),
		"rest":            {append(header(kindExit, 0).b, 1, 2, 3)},
		"item too long":   {append(header(kindExit, 0).b, tagString, 0, 9, 0, 'x')},
	} {
		if _, err := decode(b.bytes()); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if r := decoded(t, header(kindExit, 0).item(200, 3, 1, 2)); r.Kind != event.ProcessExit {
		t.Errorf("unknown tag: %+v", r)
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range samples() {
		f.Add(b.bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := decode(raw)
		if err != nil && !errors.Is(err, ErrRecord) {
			t.Errorf("error %v is no ErrRecord", err)
		}
		if err == nil && event.ClassOf(r.Kind) == event.ClassNetwork && r.Socket == nil {
			t.Errorf("%s without socket", r.Kind)
		}
	})
}

func TestDescriptorTypes(t *testing.T) {
	memfd := FileRef{Mode: modeRegular, Memfd: true}
	for want, f := range map[string]struct {
		ref  FileRef
		rdev event.Device
	}{
		"pipe": {FileRef{Mode: modeFIFO}, 0}, "socket": {FileRef{Mode: modeSocket}, 0}, "file": {FileRef{Mode: modeDir}, 0},
		"memfd": {memfd, 0}, "tty": {FileRef{Mode: modeChar}, event.MakeDevice(136, 3)},
		"null": {FileRef{Mode: modeChar}, event.MakeDevice(1, 3)}, "other": {FileRef{Mode: modeChar}, event.MakeDevice(10, 200)},
	} {
		if got := fdType(f.ref, f.rdev); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
}

// A file that merely has the name is no memfd.
func TestMemfdCannotBeImitated(t *testing.T) {
	imitation := header(kindExec, 0).file(placeFile, modeRegular, 0, 0).path(placeFile, 0, "memfd:x")
	if e := decoded(t, imitation).Exec; e.Image.Memfd || e.Image.Path != "/memfd:x" {
		t.Errorf("image %+v", e.Image)
	}
}

func TestJoin(t *testing.T) {
	for _, c := range [][3]string{
		{"/a", "b", "/a/b"}, {"/", "b", "/b"}, {"/a", "/b", "/b"}, {"/a", "./b", "/a/b"}, {"/a", "", ""}, {"", "b", "/b"},
	} {
		if got := join(c[0], c[1]); got != c[2] {
			t.Errorf("join(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
