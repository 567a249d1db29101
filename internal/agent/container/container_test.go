package container

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var id = strings.Repeat("0a", 32)

func TestFromCgroups(t *testing.T) {
	for path, want := range map[string]ID{
		"/docker/" + id:                                    {Docker, id},
		"/system.slice/docker-" + id + ".scope":            {Docker, id},
		"/docker/" + id + "/init.scope":                    {Docker, id},
		"/default/web-1":                                   {Containerd, "web-1"},
		"/default/web/below":                               {},
		"/default/-web":                                    {},
		"/default/a.service":                               {},
		"/k8s.io/" + id:                                    {Containerd, id},
		"/default/" + id:                                   {Containerd, id},
		"/system.slice/containerd.service/default:x:" + id: {Containerd, id},
		"/kubepods/burstable/pod1-2/" + id:                 {"", id},
		"/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope": {Containerd, id},
		"/kubepods.slice/kubepods-pod1.slice/crio-" + id + ".scope":           {CRIO, id},
		"/machine.slice/libpod-" + id + ".scope/container":                    {Podman, id},
		"/libpod_parent/libpod-" + id:                                         {Podman, id},
		"/machine.slice/libpod-conmon-" + id + ".scope":                       {},
		"/":                              {},
		"/system.slice/nginx.service":    {},
		"/docker/" + id[:63] + "g":       {},
		"/user.slice/session-1.scope":    {},
		"/docker/" + strings.ToUpper(id): {},
	} {
		got, found := FromCgroups([]procfs.Cgroup{{Path: "/"}, {Controllers: "memory", Path: path}})
		if got != want || found != (want.ID != "") {
			t.Errorf("%s: %+v, %v, want %+v", path, got, found, want)
		}
	}
}

func TestUnit(t *testing.T) {
	for path, want := range map[string]string{
		"/system.slice/nginx.service":                                       "nginx.service",
		"/system.slice/system-getty.slice/getty@tty1.service":               "getty@tty1.service",
		"/system.slice/x.service/child":                                     "x.service",
		"/user.slice/user-1000.slice/session-3.scope":                       "",
		"/user.slice/user-1000.slice/user@1000.service/init.scope":          "",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/a.service": "a.service",
		"/system.slice/docker-" + id + ".scope":                             "",
		"/init.scope":                                                       "",
		"/":                                                                 "",
	} {
		if got := Unit([]procfs.Cgroup{{Controllers: "memory", Path: "/else.service"}, {Controllers: "name=systemd", Path: path}}); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func FuzzCgroup(f *testing.F) {
	f.Add("/docker/" + id)
	f.Fuzz(func(t *testing.T, path string) {
		if got, found := fromPath(path); found && !isID(got.ID) && !isName(got.ID) {
			t.Fatalf("%q gave id %q", path, got.ID)
		}
		_ = Unit([]procfs.Cgroup{{Path: path}})
	})
}

// engine answers like Docker's over a socket of its own.
func engine(t *testing.T, handler http.Handler) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "docker.sock")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	return socket
}

// ask resolves one container.
func ask(t *testing.T, sockets Sockets, id ID) *event.Container {
	t.Helper()
	r := NewResolver(sockets)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	if !r.Ask(id) {
		t.Fatal("an empty queue refused")
	}
	select {
	case box := <-r.Found():
		return box
	case <-time.After(20 * time.Second):
		t.Fatal("no answer within 20 s")
		return nil
	}
}

func TestDocker(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/containers/"+id+"/json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"Name":"/web","Image":"sha256:11","Config":{"Image":"shop/web:7","Labels":{"tier":"front","io.kubernetes.pod.name":"shop","io.kubernetes.pod.namespace":"prod"}}}`)
	})
	mux.HandleFunc("/images/sha256:11/json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"RepoDigests":["shop/web@sha256:22"]}`)
	})
	sockets := Sockets{Docker: []string{engine(t, mux)}}
	box := ask(t, sockets, ID{Docker, id})
	if box.State != event.ContainerOK || box.Name != "web" || *box.Image != (event.Name{Name: "shop/web:7", Digest: "sha256:22"}) {
		t.Errorf("%+v, image %+v", box, box.Image)
	}
	if box.Labels["tier"] != "front" || box.Pod == nil || *box.Pod != (event.Pod{Name: "shop", Namespace: "prod"}) {
		t.Errorf("labels %v, pod %+v", box.Labels, box.Pod)
	}
	other := strings.Repeat("0b", 32)
	if box = ask(t, sockets, ID{Docker, other}); box.State != event.ContainerAbsent || box.ID != other {
		t.Errorf("an unknown container: %+v", box)
	}
	if box = ask(t, Sockets{Docker: []string{"/nowhere.sock"}}, ID{Podman, id}); box.State != event.ContainerAbsent || box.Runtime != Podman {
		t.Errorf("without a runtime: %+v", box)
	}
}

func TestHostSockets(t *testing.T) {
	env := map[string]string{"DOCKER_HOST": "unix:///x/d.sock", "CONTAINERD_ADDRESS": "/x/c.sock"}
	got := HostSockets(func(name string) string { return env[name] })
	if !slices.Contains(got.Docker, "/x/d.sock") || !slices.Contains(got.Containerd, "/x/c.sock") {
		t.Errorf("%+v", got)
	}
	env = map[string]string{"DOCKER_HOST": "tcp://198.51.100.1:2375", "CONTAINERD_ADDRESS": "/run/containerd/containerd.sock"}
	got = HostSockets(func(name string) string { return env[name] })
	if usual := DefaultSockets(); !reflect.DeepEqual(got, usual) {
		t.Errorf("%+v, want %+v", got, usual)
	}
}

func TestAnEngineThatIsBusyStartingIsNotAsked(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "containers", id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/config.v2.json", []byte(`{"Name":"/web","Image":"sha256:11","Config":{"Image":"web"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/info", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"DockerRootDir":%q}`, root) })
	mux.HandleFunc("/containers/", func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	box := ask(t, Sockets{Docker: []string{engine(t, mux)}}, ID{Docker, id})
	if box.Name != "web" || box.Image.Digest != "sha256:11" {
		t.Errorf("%+v, image %+v", box, box.Image)
	}
}

func TestAnEngineThatFailsIsAskedAgain(t *testing.T) {
	var asked atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/containers/", func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, `{"Name":"/web"}`)
	})
	if box := ask(t, Sockets{Docker: []string{engine(t, mux)}}, ID{Docker, id}); box.State != event.ContainerOK || asked.Load() != 3 {
		t.Errorf("%+v after %d questions", box, asked.Load())
	}
}

// field encodes a length-delimited field.
func field(number protowire.Number, value string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value))
}

// containerdServer answers the two methods that are used, in one namespace.
func containerdServer(t *testing.T, namespace string) string {
	t.Helper()
	box := field(1, id) + field(2, field(1, "x")+field(2, "y")) + field(2, field(1, "nerdctl/name")+field(2, "web")) +
		field(2, field(1, labelPod)+field(2, "shop")) + field(2, field(1, labelNamespace)+field(2, "prod")) + field(3, "docker.io/web:7")
	image := field(1, "docker.io/web:7") + field(3, field(1, "type")+field(2, "sha256:33"))
	answers := map[string]string{
		getContainer + field(1, id):            field(1, box),
		getImage + field(1, "docker.io/web:7"): field(1, image),
	}
	handle := func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		md, _ := metadata.FromIncomingContext(stream.Context())
		var request []byte
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		answer, found := answers[method+string(request)]
		if !found || md.Get("containerd-namespace")[0] != namespace {
			return status.Error(codes.NotFound, "not found")
		}
		raw := []byte(answer)
		return stream.SendMsg(&raw)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(handle), grpc.ForceServerCodecV2(rawCodec{}))
	socket := filepath.Join(t.TempDir(), "containerd.sock")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-ended })
	return socket
}

func TestContainerd(t *testing.T) {
	for _, namespace := range namespaces {
		sockets := Sockets{Containerd: []string{containerdServer(t, namespace)}}
		box := ask(t, sockets, ID{ID: id})
		if box.Name != "web" || *box.Image != (event.Name{Name: "docker.io/web:7", Digest: "sha256:33"}) || box.Runtime != Containerd {
			t.Errorf("namespace %s: %+v, image %+v", namespace, box, box.Image)
		}
		if box.Labels["x"] != "y" || box.Pod == nil || *box.Pod != (event.Pod{Name: "shop", Namespace: "prod"}) {
			t.Errorf("labels %v, pod %+v", box.Labels, box.Pod)
		}
	}
	sockets := Sockets{Containerd: []string{containerdServer(t, "elsewhere")}}
	if box := ask(t, sockets, ID{ID: id}); box.State != event.ContainerAbsent {
		t.Errorf("unknown: %+v", box)
	}
}

func FuzzContainerdAnswer(f *testing.F) {
	f.Add([]byte(field(2, field(1, "nerdctl/name")+field(2, "web"))))
	f.Fuzz(func(_ *testing.T, message []byte) {
		_ = containerdLabels(message)
		_ = firstField(firstField(message, 1), 3)
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	r := NewResolver(Sockets{})
	for range queueSize {
		if !r.Ask(ID{}) {
			t.Fatal("refused before the queue was full")
		}
	}
	if r.Ask(ID{}) {
		t.Error("a full queue took a question")
	}
}
