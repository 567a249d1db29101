package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	probev1 "baize/proto/baize/probe/v1"
)

// maxFrame bounds a frame, in bytes.
const maxFrame = 1 << 20

// errFrame reports what is no frame of the channel.
var errFrame = errors.New("malformed frame")

// readFrame reads a frame of a probe into buffer, which it may make larger. A
// frame's length is believed only as far as its bytes come.
func readFrame(from io.Reader, buffer []byte) (*probev1.FromProbe, []byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, buffer, err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n < 1 || n > maxFrame {
		return nil, buffer, fmt.Errorf("%w: a length of %d bytes, at most %d", errFrame, n, maxFrame)
	}
	buffer = buffer[:0]
	for len(buffer) < n {
		const step = 32 << 10
		part := min(n-len(buffer), step)
		buffer = append(buffer, make([]byte, part)...)
		if _, err := io.ReadFull(from, buffer[len(buffer)-part:]); err != nil {
			return nil, buffer, fmt.Errorf("%w: it ends early: %w", errFrame, err)
		}
	}
	frame := &probev1.FromProbe{}
	if err := proto.Unmarshal(buffer, frame); err != nil {
		return nil, buffer, fmt.Errorf("%w: %w", errFrame, err)
	}
	if frame.GetFrame() == nil {
		return nil, buffer, fmt.Errorf("%w: it says nothing that is known", errFrame)
	}
	return frame, buffer, nil
}

// writeFrame sends a frame to a probe.
func writeFrame(to io.Writer, frame *probev1.ToProbe) error {
	body, err := proto.Marshal(frame)
	if err != nil {
		return err
	}
	if len(body) > maxFrame {
		return fmt.Errorf("%w: %d bytes, at most %d", errFrame, len(body), maxFrame)
	}
	_, err = to.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
	return err
}
