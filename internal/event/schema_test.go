package event_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"baize/internal/event"
)

const schemaFile = "../../docs/event-schema.json"

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, line []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

var (
	seen     = time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC)
	shellKey = event.ProcessKey{Host: "h1", Boot: "b-1", PID: 1234, Start: 987_654_321}
	fileKey  = event.FileKey{Host: "h1", Device: event.MakeDevice(0, 31), Inode: 77, Gen: 3}
	zero     = 0
	login    = uint32(1000)
	digest   = strings.Repeat("0f", 32)
)

// shell is a process with everything that a process can have.
func shell() *event.Process {
	user := &event.User{ID: 33, Name: "www-data"}
	parent := &event.Process{Key: event.ProcessKey{Host: "h1", Boot: "b-1", PID: 700, Start: 1}, PID: 700, Executable: "/usr/bin/java", CommandLine: "java -jar app.jar", User: user}
	remote := &event.Endpoint{IP: netip.MustParseAddr("203.0.113.9"), Port: 4444}
	return &event.Process{
		Key: shellKey, PID: 1234, Exec: 1, Start: seen, Name: "sh", Executable: "/bin/sh", Args: []string{"sh", "-c", "id"}, ArgsTruncated: true, Redacted: 1,
		CommandLine: "sh -c id", WorkingDirectory: "/srv", User: user, EffectiveUser: &event.User{}, Hash: &event.Hash{SHA256: digest, State: event.HashOK}, TTY: "pts/0",
		Exe: &event.Image{Inode: fileKey, Tmpfs: true, Detached: true, Foreign: true}, Script: "/srv/x.sh",
		Stdin: &event.Descriptor{Type: "socket", Remote: remote}, Stdout: &event.Descriptor{Type: "pipe"}, Stderr: &event.Descriptor{Type: "file", Path: "/dev/null"},
		Env: map[string]string{"LD_PRELOAD": "/tmp/x.so"}, KernelThread: true, Server: true, Agent: true, Session: 3, Login: &login, ExitCode: &zero,
		OldName: "kworker", OldCommandLine: "x", Parent: parent, Ancestors: []event.Process{*parent},
		Context: &event.Context{ID: "web_shell:" + shellKey.String(), Kind: event.ContextWebShell, Root: shellKey, Parent: "service:" + parent.Key.String(), Service: "web.service"},
	}
}

func file() *event.File {
	target := &event.File{Path: "/tmp/b", Inode: fileKey, Diff: &event.Diff{State: event.DiffOK, Added: []string{"a"}, Removed: []string{"b"}, Truncated: true}}
	return &event.File{
		Path: "/tmp/a", Inode: fileKey, Type: "dir", Size: 912, Mode: "0755", Mount: "tmpfs", Hash: &event.Hash{State: event.HashPending},
		FromUser: true, Target: target, Access: "write", Origin: "/etc/shadow", Change: "xattr", Attribute: "security.capability", Sensitive: "ssh_key",
	}
}

// line is a line of a log with everything that lines say.
func line() event.Event {
	root := &event.Account{Name: "root", ID: new(uint32)}
	return event.Event{
		Message: "Accepted password for root", Process: shell(), Source: &event.Endpoint{IP: netip.MustParseAddr("203.0.113.9"), Port: 50_000},
		Log: &event.Log{
			Source: event.LogJournald, File: &event.LogPath{Path: "/var/log/auth.log"}, Service: "sshd", Unit: "ssh.service", Truncated: true,
			Syslog: &event.Syslog{AppName: "sshd", ProcID: "812", Hostname: "web-1", Facility: &event.SyslogName{Name: "auth"}, Severity: &event.SyslogName{Name: "info"}},
			Sender: &event.Sender{PID: 812, User: &event.User{Name: "root"}, Executable: "/usr/sbin/sshd"}, Fields: map[string]string{"type": "SYSCALL"},
		},
		Access: &event.Access{
			Outcome: event.OutcomeFailure, Service: "sshd", Method: "password", User: root, UnknownUser: true, By: root, Fingerprint: "SHA256:x", TTY: "pts/0",
			Session: "c1", Command: "/bin/sh", WorkingDirectory: "/", Reason: "invalid user", Domain: "gw.example",
		},
		Change:    &event.AccountChange{Action: event.AccountCreate, Account: root, Group: root, Home: "/root", Shell: "/bin/sh", By: root},
		HTTP:      &event.HTTP{Request: event.HTTPRequest{Method: "GET", Referrer: "-", User: "frank"}, Response: event.HTTPResponse{StatusCode: 200, Body: event.HTTPBody{Bytes: 7}}, Version: "1.1"},
		URL:       &event.URL{Original: "/a?b", Path: "/a", Query: "b", Domain: "shop.example"},
		UserAgent: &event.UserAgent{Original: "curl/8"},
	}
}

func operation() *event.Operation {
	return &event.Operation{Name: "unshare", Object: "none", Type: "tmpfs", Flags: []string{"mnt", "user"}}
}

// call is what a probe sees.
func call() event.Event {
	argument := []event.ProbeArgument{{Name: "path", Value: "/etc/shadow"}}
	return event.Event{
		Process: shell(), File: file(), Message: "verified",
		Probe: &event.Probe{
			ID: "0f0f", Runtime: "jvm", Version: "17", State: "active", Reason: "lost", Hook: "file.open", Point: "java.io.FileInputStream.<init>", Number: 1,
			Arguments: argument, Breadcrumbs: argument, Thread: &event.Thread{ID: 7, Name: "exec-1", Virtual: true}, Overflow: true,
		},
		Stack: &event.Stack{
			Hash: "1:" + digest[:32], BusinessHash: "1:" + digest[:32], Dropped: 2,
			Frames:  []event.Frame{{Class: "shop.Download", Method: "fetch", Descriptor: "()V", File: "Download.java", Line: 12, Origin: 1, Business: true}},
			Origins: []event.Origin{{Kind: event.OriginNone, Source: "file:/a.jar", Loader: "app", Resource: "absent", Evidence: []string{"no code source"}}},
		},
	}
}

// samples has one event of every kind, with every part that it can have.
func samples() map[event.Kind]event.Event {
	local := &event.Endpoint{IP: netip.MustParseAddr("2001:db8::7"), Port: 40_000}
	outside := &event.Endpoint{IP: netip.MustParseAddr("203.0.113.9"), Port: 443}
	conversation := event.Event{Process: shell(), Source: local, Destination: outside, Network: &event.Network{Transport: "tcp", Cookie: 9, NetNS: 4026531840, BytesOut: 10, BytesIn: 20, Initiated: true}, Result: &zero}
	box := event.Event{Process: shell(), Container: &event.Container{State: event.ContainerOK, ID: "c0ffee", Name: "web", Runtime: "docker", Image: &event.Name{Name: "web:1", Digest: "sha256:" + digest}, Pod: &event.Pod{Name: "shop", Namespace: "prod", UID: "u1"}, Labels: map[string]string{"tier": "front"}}}
	onFile, onProcess := event.Event{Process: shell(), File: file(), Via: event.ViaRing, Result: &zero}, event.Event{Process: shell(), Operation: operation()}
	all := map[event.Kind]event.Event{
		event.ProcessPtrace:  {Process: shell(), Target: shell(), Operation: operation()},
		event.ProcessSignal:  {Process: shell(), Target: shell(), Operation: operation()},
		event.KernelModule:   {Process: shell(), File: file(), Operation: operation()},
		event.KernelMount:    {Process: shell(), File: file(), Operation: operation()},
		event.KernelBPF:      {Process: shell(), Operation: operation()},
		event.KernelKexec:    {Process: shell(), Operation: operation(), Result: &zero},
		event.NetworkSocket:  {Process: shell(), Operation: operation(), Network: &event.Network{Transport: "packet"}},
		event.DNSQuery:       {Process: shell(), Destination: outside, DNS: &event.DNS{Question: event.DNSQuestion{Name: "x.example", Type: "A"}, Answers: []string{"203.0.113.9"}, Rcode: &zero}},
		event.SensorCoverage: {Coverage: &event.Coverage{Class: event.ClassAll, From: seen, To: seen, State: event.CoverageLost, Lost: 3, Reason: "gap"}},
		event.AgentAction:    {Action: &event.Action{ID: "c1", Name: "ping", State: "done", Detail: "pong"}},
		event.GatewayRefused: {Message: "host: batch of another host"},
		event.EngineRules:    {Message: digest},
		event.EngineRuleFile: {Message: `{"path":"p/a.yml","text":"title: A"}`}, event.EngineExceptions: {Message: "[]"}, event.EngineDecisions: {Message: "[]"}, event.EngineLabels: {Message: "[]"},
		event.EngineTick: {}, event.SensorStart: {}, event.SensorStop: {},
		event.SensorTamper: {Process: shell(), Target: shell(), File: file(), Message: "file.unlink of the agent's files"}, event.SensorOffline: {Message: "30 s"}, event.HostSilent: {Message: "since"},
	}
	for _, kind := range []event.Kind{event.LoginSuccess, event.LoginFailure, event.LoginElevate, event.LoginLogout, event.AccountChanged, event.WebAccess, event.LogLine, event.LogAudit} {
		all[kind] = line()
	}
	for _, kind := range []event.Kind{event.ProcessFork, event.ProcessExec, event.ProcessExit, event.ProcessRename, event.ProcessCredentials, event.ProcessNamespace, event.ProcessControl} {
		all[kind] = onProcess
	}
	for _, kind := range []event.Kind{event.FileCreate, event.FileCloseWrite, event.FileOpen, event.FileRename, event.FileLink, event.FileUnlink, event.FileAttributes, event.MemfdCreate, event.FileHash, event.FileDiff} {
		all[kind] = onFile
	}
	for _, kind := range []event.Kind{event.NetworkConnect, event.NetworkAccept, event.NetworkListen, event.NetworkClose, event.NetworkBytes} {
		all[kind] = conversation
	}
	all[event.ContainerStart], all[event.ContainerStop] = box, box
	all[event.ProbeCall], all[event.ProbeRepeat], all[event.ProbeState] = call(), call(), call()
	return all
}

func TestEveryKindIsValid(t *testing.T) {
	schema := compile(t)
	all := samples()
	for _, kind := range declaredKinds(t) {
		ev, ok := all[kind]
		if !ok {
			t.Errorf("%s has no sample", kind)
			continue
		}
		ev.Org, ev.Host, ev.Boot, ev.Seq, ev.Time, ev.Kind, ev.Count = "default", event.Host{ID: "h1", Name: "web-1"}, "b-1", 41, seen, kind, 2
		ev.Ingest = &event.Ingest{Bus: 1 << 20, Received: seen, Skew: -3}
		line, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, line); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, line)
		}
	}
}

// declaredKinds reads the constants of type Kind from the source.
func declaredKinds(t *testing.T) []event.Kind {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), "kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []event.Kind
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, _ := strconv.Unquote(literal.Value)
			kinds = append(kinds, event.Kind(text))
		}
		return true
	})
	if len(kinds) < 25 {
		t.Fatalf("only %d kinds found", len(kinds))
	}
	return kinds
}

func TestDocumentsNameEveryKind(t *testing.T) {
	page, err := os.ReadFile("../../docs/event-schema.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range declaredKinds(t) {
		if !strings.Contains(string(page), "`"+string(kind)+"`") {
			t.Errorf("event-schema.md does not have %s", kind)
		}
		if !strings.Contains(string(schema), `"`+string(kind)+`"`) {
			t.Errorf("event-schema.json does not have %s", kind)
		}
	}
}

func TestWhatIsNotAnEventIsInvalid(t *testing.T) {
	schema := compile(t)
	for _, line := range []string{
		`{}`, `[]`, `{"time":"2026-01-02T03:04:05Z"}`, `{"kind":"process.exec","time":"yesterday"}`,
		`{"kind":"exec","time":"2026-01-02T03:04:05Z"}`,
		`{"kind":"process.exec","time":"2026-01-02T03:04:05Z","seq":-1}`,
		`{"kind":"process.exec","time":"2026-01-02T03:04:05Z","process":{"key":"1234"}}`,
		`{"kind":"process.exec","time":"2026-01-02T03:04:05Z","process":{"pid":"1"}}`,
		`{"kind":"process.exec","time":"2026-01-02T03:04:05Z","process":{"parent":{"pid":-1}}}`,
		`{"kind":"file.open","time":"2026-01-02T03:04:05Z","file":{"inode":"h1/8/1/1"}}`,
		`{"kind":"network.connect","time":"2026-01-02T03:04:05Z","source":{"ip":"here"}}`,
		`{"kind":"sensor.coverage","time":"2026-01-02T03:04:05Z","coverage":{"state":"fine"}}`,
	} {
		if validate(t, schema, []byte(line)) == nil {
			t.Errorf("valid: %s", line)
		}
	}
}

type definition struct {
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
}

// Every field of the Go types is in the schema, and the other way round.
func TestSchemaAndTypesHaveTheSameFields(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		definition
		Defs map[string]definition `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	checked := map[reflect.Type]bool{}
	compare(t, reflect.TypeFor[event.Event](), schema.definition, schema.Defs, checked)
	if len(checked) < 15 {
		t.Fatalf("only %d types were compared", len(checked))
	}
}

func compare(t *testing.T, typ reflect.Type, def definition, defs map[string]definition, checked map[reflect.Type]bool) {
	checked[typ] = true
	names := map[string]bool{}
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		names[name] = true
		if def.Properties[name] == nil {
			t.Errorf("%s.%s: %q is not in the schema", typ.Name(), field.Name, name)
		}
		if always := !strings.Contains(options, "omit"); always != slices.Contains(def.Required, name) {
			t.Errorf("%s.%s: always written %v, but required %v", typ.Name(), field.Name, always, !always)
		}
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if own := inner.Kind() == reflect.Struct && inner.PkgPath() == typ.PkgPath(); own && !checked[inner] && !isText(inner) {
			compare(t, inner, defs[inner.Name()], defs, checked)
		}
	}
	for name := range def.Properties {
		if !names[name] {
			t.Errorf("%s: the schema has %q, the type does not", typ.Name(), name)
		}
	}
}

// isText reports whether a struct is a string in JSON: the keys.
func isText(typ reflect.Type) bool {
	_, ok := reflect.New(typ).Interface().(interface{ UnmarshalText([]byte) error })
	return ok
}
