package container

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"baize/internal/agent/procfs"
	"baize/internal/event"
)

// storage reads what Podman and CRI-O keep on disk in the format that they share
// (containers/storage): it is there when a container starts, and neither needs a
// daemon that answers.
type storage struct{ root string }

func (s *storage) name() string { return s.root }

func (s *storage) close() {}

// stored is an entry of containers.json. Metadata is what the user of the library
// keeps: JSON within a string.
type stored struct {
	ID       string   `json:"id"`
	Names    []string `json:"names"`
	Image    string   `json:"image"`
	Metadata string   `json:"metadata"`
}

// kept are the parts of the metadata that Podman and CRI-O agree in, and the
// name that CRI-O was given by Kubernetes.
type kept struct {
	Name      string `json:"name"`
	CRIName   string `json:"metadata-name"`
	ImageName string `json:"image-name"`
}

// Annotations of a container's OCI configuration.
const (
	annotationManager = "io.container.manager"
	annotationLabels  = "io.kubernetes.cri-o.Labels"
)

// managers are the values of annotationManager.
var managers = map[string]string{"libpod": Podman, "cri-o": CRIO}

func (s *storage) inspect(_ context.Context, id string) (*event.Container, error) {
	// The directories have the storage driver's name.
	lists, err := filepath.Glob(filepath.Join(s.root, "*-containers", "*containers.json"))
	if err != nil || !isID(id) {
		return nil, ErrUnknown
	}
	for _, list := range lists {
		var all []stored
		if err := readJSON(list, &all); err != nil {
			return nil, err
		}
		for i := range all {
			if all[i].ID == id {
				return s.describe(filepath.Dir(list), &all[i])
			}
		}
	}
	return nil, ErrUnknown
}

// describe takes a container's entry, and its OCI configuration where it has one.
func (s *storage) describe(dir string, c *stored) (*event.Container, error) {
	var meta kept
	if err := json.Unmarshal([]byte(c.Metadata), &meta); err != nil {
		return nil, err
	}
	var bundle struct{ Annotations map[string]string }
	err := readJSON(filepath.Join(dir, c.ID, "userdata", "config.json"), &bundle)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var labels map[string]string
	if text := bundle.Annotations[annotationLabels]; text != "" {
		if err := json.Unmarshal([]byte(text), &labels); err != nil {
			return nil, err
		}
	}
	box := &event.Container{
		State: event.ContainerOK, ID: c.ID, Runtime: managers[bundle.Annotations[annotationManager]],
		Name:   cmp.Or(labels[labelContainer], meta.CRIName, meta.Name),
		Image:  &event.Name{Name: meta.ImageName, Digest: s.digest(dir, c.Image)},
		Labels: bounded(labels), Pod: podOf(bundle.Annotations),
	}
	if box.Pod == nil {
		box.Pod = podOf(labels)
	}
	return box, nil
}

// digest is that of an image's manifest, or the image's id where the store has
// none.
func (s *storage) digest(dir, image string) string {
	if image == "" {
		return ""
	}
	var all []struct{ ID, Digest string }
	list := filepath.Join(strings.TrimSuffix(dir, "-containers")+"-images", "images.json")
	if err := readJSON(list, &all); err == nil {
		for _, known := range all {
			if known.ID == image && known.Digest != "" {
				return known.Digest
			}
		}
	}
	return "sha256:" + image
}

func readJSON(path string, into any) error {
	f, err := procfs.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewDecoder(io.LimitReader(f, maxAnswer)).Decode(into)
}

// defaultStorage and storageConfig are where the library keeps and is told.
const (
	defaultStorage = "/var/lib/containers/storage"
	storageConfig  = "/etc/containers/storage.conf"
)

// storageRoot is the directory that a configuration of the library names, the
// usual one where it names none.
func storageRoot(config string) string {
	f, err := procfs.Open(config)
	if err != nil {
		return defaultStorage
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, maxAnswer))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if root := strings.Trim(strings.TrimSpace(value), `"'`); strings.TrimSpace(key) == "graphroot" && filepath.IsAbs(root) {
			return root
		}
	}
	return defaultStorage
}
