package app

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"baize/internal/event"
)

// TestPipelinesOfTheServer : what lies in the directory is in force and kept
// with the rules; a broken one stops neither the server nor the others.
func TestPipelinesOfTheServer(t *testing.T) {
	config := configIn(t.TempDir())
	s, err := Open(t.Context(), config)
	must(t, err)
	defer s.Close()
	plain, err := s.loadRules(t.Context())
	must(t, err)
	dir := config.dir("pipelines")
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "map.yml"), []byte("transformations:\n  - type: rule_failure\n    message: none here\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "broken.yml"), []byte("transformations: 5\n"), 0o600))
	refused, err := s.loadRules(t.Context())
	must(t, err)
	if refused.Digest() == plain.Digest() {
		t.Error("pipelines change nothing")
	}
	shadow := &event.Event{Kind: event.FileOpen, File: &event.File{Path: "/etc/shadow", Sensitive: "shadow"}}
	if len(plain.Match(shadow, nil)) == 0 || len(refused.Match(shadow, nil)) != 0 {
		t.Error("a rule that a pipeline refuses is in force")
	}
	kept, err := s.stores.state.Rules(t.Context(), refused.Digest())
	must(t, err)
	archive, err := zip.NewReader(bytes.NewReader(kept.Body), int64(len(kept.Body)))
	must(t, err)
	if _, err := fs.Stat(archive, "pipelines/001-map.yml"); err != nil {
		t.Errorf("the pipeline is not kept: %v", err)
	}
}
