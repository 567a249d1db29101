package container

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// ErrUnknown reports a container that the runtime does not have.
var ErrUnknown = errors.New("the runtime does not know the container")

// maxAnswer bounds what is read of a runtime's answer, in bytes.
const maxAnswer = 4 << 20

// docker asks the engine API, of which only calls stable since 1.24 are used.
type docker struct {
	socket string
	client *http.Client

	mu   sync.Mutex
	root string // of its data, once asked for
}

func newDocker(socket string) *docker {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &docker{socket: socket, client: &http.Client{
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
	}}
}

func (d *docker) name() string { return d.socket }

func (d *docker) close() { d.client.CloseIdleConnections() }

// described is the part of a container's description that is read. The engine's
// answers and its files agree in it.
type described struct {
	Name   string
	Image  string // the id of the image's configuration
	Config struct {
		Image  string
		Labels map[string]string
	}
}

func (d *docker) inspect(ctx context.Context, id string) (*event.Container, error) {
	box, err := d.describe(ctx, id)
	if err != nil {
		return nil, err
	}
	image := &event.Name{Name: box.Config.Image, Digest: box.Image}
	// An image pulled from a registry has a digest of its own there, which is
	// the one people pin; one built or imported here has only its id.
	var detail struct{ RepoDigests []string }
	if err := d.get(ctx, "/images/"+box.Image+"/json", &detail); err == nil {
		for _, digest := range detail.RepoDigests {
			if _, sum, found := strings.Cut(digest, "@"); found {
				image.Digest = sum
				break
			}
		}
	}
	return &event.Container{
		State: event.ContainerOK, ID: id, Runtime: Docker,
		Name:  cmp.Or(box.Config.Labels[labelContainer], strings.TrimPrefix(box.Name, "/")),
		Image: image, Labels: bounded(box.Config.Labels), Pod: podOf(box.Config.Labels),
	}, nil
}

// describe reads the engine's own file before it asks: while a container is
// being started, which is when it is asked about, the engine does not answer.
func (d *docker) describe(ctx context.Context, id string) (described, error) {
	var box described
	if root := d.dataRoot(ctx); root != "" {
		f, err := procfs.Open(filepath.Join(root, "containers", id, "config.v2.json"))
		if err == nil {
			defer f.Close()
			err = json.NewDecoder(io.LimitReader(f, maxAnswer)).Decode(&box)
		}
		if err == nil && box.Name != "" {
			return box, nil
		}
	}
	box = described{}
	return box, d.get(ctx, "/containers/"+id+"/json", &box)
}

func (d *docker) dataRoot(ctx context.Context) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == "" {
		var info struct{ DockerRootDir string }
		if d.get(ctx, "/info", &info) == nil {
			d.root = info.DockerRootDir
		}
	}
	return d.root
}

func (d *docker) get(ctx context.Context, path string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := d.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask docker: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return ErrUnknown
	default:
		return fmt.Errorf("ask docker: %s", response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("read docker's answer: %w", err)
	}
	return nil
}
