package sigma

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// PipelineFile is the content of a processing pipeline from elsewhere than a
// directory of rules.
type PipelineFile struct {
	Name string
	Data []byte
}

// PipelineRoot returns a root for Load that holds pipelines alone, which run
// in the given order where their priorities are equal.
func PipelineRoot(files []PipelineFile) (fs.FS, error) {
	var body bytes.Buffer
	archive := zip.NewWriter(&body)
	var failed error
	for i, f := range files {
		w, err := archive.Create(path.Join(PipelineDir, fmt.Sprintf("%03d-%s.yml", i, f.Name)))
		if err == nil {
			_, err = w.Write(f.Data)
		}
		failed = errors.Join(failed, err)
	}
	if err := errors.Join(failed, archive.Close()); err != nil {
		return nil, fmt.Errorf("pack pipelines: %w", err)
	}
	return zip.NewReader(bytes.NewReader(body.Bytes()), int64(body.Len()))
}

// IsPipeline reports whether a file of a load is a pipeline, by its place.
func IsPipeline(name string) bool { return path.Base(path.Dir(name)) == PipelineDir }
