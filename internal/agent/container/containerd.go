package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

// containerd asks the containerd API. Of its messages only a handful of string
// fields matter, so they are read by their numbers rather than through the
// generated API and all that it imports.
type containerd struct {
	socket string
	conn   *grpc.ClientConn
}

// namespaces that containerd's users keep their containers in: Kubernetes,
// nerdctl and ctr, Docker.
var namespaces = []string{"k8s.io", "default", "moby"}

// Methods, and field numbers of containerd's api/services/containers/v1 and
// api/services/images/v1.
const (
	getContainer = "/containerd.services.containers.v1.Containers/Get"
	getImage     = "/containerd.services.images.v1.Images/Get"

	fieldRequest         = 1 // id of a container, name of an image
	fieldAnswer          = 1 // the container or the image
	fieldContainerLabels = 2
	fieldContainerImage  = 3
	fieldImageTarget     = 3
	fieldDescriptorSum   = 2
)

// labelNerdctl is where the name of a container is found, which containerd itself
// has no notion of, if Kubernetes has not given it.
const labelNerdctl = "nerdctl/name"

func newContainerd(socket string) (*containerd, error) {
	conn, err := grpc.NewClient("unix://"+socket,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(maxAnswer)))
	if err != nil {
		return nil, fmt.Errorf("containerd client: %w", err)
	}
	return &containerd{socket: socket, conn: conn}, nil
}

func (c *containerd) name() string { return c.socket }

func (c *containerd) close() { _ = c.conn.Close() }

func (c *containerd) inspect(ctx context.Context, id string) (*event.Container, error) {
	for _, namespace := range namespaces {
		ctx := metadata.AppendToOutgoingContext(ctx, "containerd-namespace", namespace)
		answer, err := c.call(ctx, getContainer, id)
		if errors.Is(err, ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return c.describe(ctx, id, firstField(answer, fieldAnswer))
	}
	return nil, ErrUnknown
}

func (c *containerd) describe(ctx context.Context, id string, box []byte) (*event.Container, error) {
	image := &event.Name{Name: string(firstField(box, fieldContainerImage))}
	answer, err := c.call(ctx, getImage, image.Name)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return nil, err
	}
	target := firstField(firstField(answer, fieldAnswer), fieldImageTarget)
	image.Digest = string(firstField(target, fieldDescriptorSum))
	labels := containerdLabels(box)
	return &event.Container{
		State: event.ContainerOK, ID: id, Runtime: Containerd,
		Name: cmp.Or(labels[labelNerdctl], labels[labelContainer], id), Image: image,
		Labels: bounded(labels), Pod: podOf(labels),
	}, nil
}

func containerdLabels(box []byte) map[string]string {
	labels := map[string]string{}
	eachField(box, func(number protowire.Number, value []byte) bool {
		if number == fieldContainerLabels {
			labels[string(firstField(value, 1))] = string(firstField(value, 2))
		}
		return true
	})
	return labels
}

func (c *containerd) call(ctx context.Context, method, key string) ([]byte, error) {
	request := protowire.AppendTag(nil, fieldRequest, protowire.BytesType)
	request = protowire.AppendString(request, key)
	var answer []byte
	err := c.conn.Invoke(ctx, method, &request, &answer)
	if status.Code(err) == codes.NotFound {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("ask containerd: %w", err)
	}
	return answer, nil
}

// firstField is the first value of a length-delimited field, nil where the
// message has none or is malformed before it.
func firstField(message []byte, number protowire.Number) []byte {
	var found []byte
	eachField(message, func(n protowire.Number, value []byte) bool {
		if n == number {
			found = value
		}
		return n != number
	})
	return found
}

// eachField visits the length-delimited fields until visit says false.
func eachField(message []byte, visit func(protowire.Number, []byte) bool) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		message = message[n:]
		if kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(message)
			if n < 0 || !visit(number, value) {
				return
			}
			message = message[n:]
			continue
		}
		n = protowire.ConsumeFieldValue(number, kind, message)
		if n < 0 {
			return
		}
		message = message[n:]
	}
}

// rawCodec passes messages through as the bytes they are.
type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}
