package gateway

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"baize/internal/server/bulk"
	baizev1 "baize/proto/baize/v1"
)

type uploadStream = grpc.BidiStreamingServer[baizev1.UploadRequest, baizev1.UploadResponse]

// Upload is the bulk channel: one blob. The host learns first from where to go
// on, then after each piece how far it is durable, then that it was verified.
func (g *Gateway) Upload(stream uploadStream) error {
	p := peerOf(stream.Context())
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	h := first.GetHeader()
	size, err := g.store(stream, p, bulk.Header{
		SHA256: h.GetSha256(), Size: int64(h.GetSize()), Kind: printable(h.GetKind()), Name: printable(h.GetName()),
	})
	if err != nil {
		return g.uploadError(p, err)
	}
	return stream.Send(&baizev1.UploadResponse{Offset: uint64(size), Complete: true})
}

// store receives a blob; the upload is released when it returns.
func (g *Gateway) store(stream uploadStream, p peer, h bulk.Header) (size int64, err error) {
	upload, err := g.deps.Blobs.Begin(p.Host, h)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, upload.Close()) }()
	if err := receiveBlob(stream, upload); err != nil {
		return 0, err
	}
	return upload.Offset(), upload.Finish()
}

func receiveBlob(stream uploadStream, upload *bulk.Upload) error {
	for !upload.Done() {
		if err := stream.Send(&baizev1.UploadResponse{Offset: uint64(upload.Offset())}); err != nil {
			return err
		}
		piece, err := stream.Recv()
		if err != nil {
			return err
		}
		if len(piece.GetData()) == 0 {
			return fmt.Errorf("%w: no data", bulk.ErrOffset)
		}
		if err := upload.Write(int64(piece.GetOffset()), piece.GetData()); err != nil {
			return err
		}
	}
	return nil
}

// uploadError tells the host what was wrong, and reports what it should not
// have tried.
func (g *Gateway) uploadError(p peer, err error) error {
	var code codes.Code
	switch {
	case errors.Is(err, io.EOF):
		return status.Error(codes.Aborted, "the upload ended early: go on later")
	case errors.Is(err, bulk.ErrBusy):
		return status.Error(codes.AlreadyExists, err.Error())
	case errors.Is(err, bulk.ErrQuota):
		code = codes.ResourceExhausted
	case errors.Is(err, bulk.ErrDigest):
		code = codes.DataLoss
	case errors.Is(err, bulk.ErrHeader), errors.Is(err, bulk.ErrOffset):
		code = codes.InvalidArgument
	default:
		if _, already := status.FromError(err); already {
			return err
		}
		return internal("upload of "+p.Host, err)
	}
	g.refusals.add(refusal{name: p.Name, kind: "upload", reason: err.Error()})
	return status.Error(code, err.Error())
}
