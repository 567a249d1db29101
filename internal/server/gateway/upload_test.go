package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/codes"

	"google.golang.org/grpc"

	baizev1 "baize/proto/baize/v1"
)

type uploading = grpc.BidiStreamingClient[baizev1.UploadRequest, baizev1.UploadResponse]

func (h *host) upload(ctx context.Context, t *testing.T, content []byte) uploading {
	t.Helper()
	stream, err := h.agent.Upload(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	header := &baizev1.UploadHeader{Sha256: sum[:], Size: uint64(len(content)), Kind: "evidence", Name: "core"}
	// A call that was refused already has ended; why, Recv says.
	if err := stream.Send(&baizev1.UploadRequest{Header: header}); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return stream
}

// piece sends the next piece from where the server is and returns that place.
func piece(t *testing.T, stream uploading, content []byte, size int) *baizev1.UploadResponse {
	t.Helper()
	r, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if r.Complete {
		return r
	}
	end := min(int(r.Offset)+size, len(content))
	if err := stream.Send(&baizev1.UploadRequest{Offset: r.Offset, Data: content[r.Offset:end]}); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestUploadGoesOnAfterAnInterruption(t *testing.T) {
	dir := t.TempDir()
	p, stop := start(t, dir)
	h := p.enrol(t, "m1")
	content := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	ctx, cancel := context.WithCancel(t.Context())
	stream := h.upload(ctx, t, content)
	piece(t, stream, content, 100_000)
	piece(t, stream, content, 50_000)
	cancel() // the connection breaks, and the server is replaced
	stop()
	p, _ = start(t, dir)
	h.dial(t, p.gateway.Addr().String())
	stream = h.upload(t.Context(), t, content)
	first := piece(t, stream, content, 1<<20)
	if first.Offset < 100_000 || first.Complete {
		t.Fatalf("goes on from %v", first)
	}
	if last := piece(t, stream, content, 1<<20); !last.Complete {
		t.Fatalf("%v", last)
	}
	blobs, err := p.blobs.Blobs(h.name.Host)
	if err != nil || len(blobs) != 1 || blobs[0].Name != "core" {
		t.Fatalf("%+v, %v", blobs, err)
	}
	if again := piece(t, h.upload(t.Context(), t, content), content, 1); !again.Complete {
		t.Fatalf("sent twice: %v", again)
	}
}

func TestUploadsThatAreRefused(t *testing.T) {
	p, _ := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	_, err := h.upload(t.Context(), t, make([]byte, 2<<20)).Recv()
	code(t, "over the quota", err, codes.ResourceExhausted)
	p.refusal(t, "quota exceeded")

	stream, err := h.agent.Upload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&baizev1.UploadRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	code(t, "no header", err, codes.InvalidArgument)
	p.refusal(t, "upload header") // told before the next: of several at once only the first is quoted

	content := []byte("what was promised")
	stream = h.upload(t.Context(), t, content)
	piece(t, stream, []byte("what is delivered"), 100)
	_, err = stream.Recv()
	code(t, "other content", err, codes.DataLoss)
	p.refusal(t, "does not match its digest")

	stream = h.upload(t.Context(), t, content)
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&baizev1.UploadRequest{Offset: 5, Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	code(t, "a hole", err, codes.InvalidArgument)
}
