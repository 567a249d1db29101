package uplink

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	baizev1 "baize/proto/baize/v1"
)

// chunk is how much of a blob one message carries, in bytes.
const chunk = 256 << 10

// Blob is something to be sent through the bulk channel.
type Blob struct {
	// Kind says what it is (evidence, log, …), Name what it is called.
	Kind, Name string
	Size       int64
	// Content must not change while it is sent.
	Content io.ReaderAt
}

// Upload sends a blob and returns once the server has verified its digest.
// After an interruption it goes on where the server's durable part ends. It
// gives up when the context ends or the server refuses the blob.
func (u *Uplink) Upload(ctx context.Context, blob Blob) error {
	digest := sha256.New()
	n, err := io.Copy(digest, io.NewSectionReader(blob.Content, 0, blob.Size))
	if err == nil && n < blob.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", blob.Name, err)
	}
	header := &baizev1.UploadHeader{Sha256: digest.Sum(nil), Size: uint64(blob.Size), Kind: blob.Kind, Name: blob.Name}
	id := u.identity.Load()
	conn, err := dial(id.Server, id.Authority, &id.Certificate)
	if err != nil {
		return err
	}
	defer conn.Close()
	for wait := minBackoff; ; wait = min(2*wait, maxBackoff) {
		err := upload(ctx, conn, header, blob)
		if err == nil || ctx.Err() != nil || !transient(err) {
			return err
		}
		u.options.Log.Warn("upload interrupted", "name", blob.Name, "error", err)
		sleep(ctx, jitter(wait))
	}
}

// transient reports whether trying again may help.
func transient(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.Aborted, codes.Internal, codes.DeadlineExceeded:
		return true
	}
	return false
}

// errIncomplete reports a server that ended an upload without verifying it.
var errIncomplete = errors.New("the server ended the upload before it was complete")

func upload(ctx context.Context, conn *grpc.ClientConn, header *baizev1.UploadHeader, blob Blob) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := baizev1.NewAgentServiceClient(conn).Upload(ctx)
	if err != nil {
		return fmt.Errorf("open upload: %w", err)
	}
	if err := stream.Send(&baizev1.UploadRequest{Header: header}); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("upload %s: %w", blob.Name, err)
	}
	answer, err := stream.Recv()
	if err != nil {
		return fmt.Errorf("upload %s: %w", blob.Name, err)
	}
	if answer.GetComplete() {
		return nil
	}
	sent := make(chan error, 1)
	go func() {
		err := sendFrom(stream, blob, int64(answer.GetOffset()))
		if err != nil {
			cancel() // nothing will complete it
		}
		sent <- err
	}()
	err = awaitComplete(stream)
	if err != nil {
		cancel()
	}
	if sendErr := <-sent; sendErr != nil && err != nil && status.Code(err) == codes.Canceled {
		err = sendErr
	}
	if err != nil {
		return fmt.Errorf("upload %s: %w", blob.Name, err)
	}
	return nil
}

func awaitComplete(stream grpc.BidiStreamingClient[baizev1.UploadRequest, baizev1.UploadResponse]) error {
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return errIncomplete
		}
		if err != nil {
			return err
		}
		if answer.GetComplete() {
			return nil
		}
	}
}

// sendFrom sends the rest of a blob. io.EOF means that the server ended the
// stream, and Recv says why.
func sendFrom(stream grpc.BidiStreamingClient[baizev1.UploadRequest, baizev1.UploadResponse], blob Blob, offset int64) error {
	buffer := make([]byte, chunk)
	for offset < blob.Size {
		n, err := blob.Content.ReadAt(buffer[:min(chunk, blob.Size-offset)], offset)
		if n == 0 {
			return fmt.Errorf("read at %d: %w", offset, err)
		}
		if err := stream.Send(&baizev1.UploadRequest{Offset: uint64(offset), Data: buffer[:n]}); err != nil {
			return err
		}
		offset += int64(n)
	}
	return stream.CloseSend()
}

// drainEvery is how often WaitDurable looks.
const drainEvery = 20 * time.Millisecond

// WaitDurable returns when everything in the spool up to seq is durable at the
// server, or the context ends.
func (u *Uplink) WaitDurable(ctx context.Context, seq uint64) {
	for u.Durable() < seq && ctx.Err() == nil {
		sleep(ctx, drainEvery)
	}
}
