package wire

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	baizev1 "baize/proto/baize/v1"
)

// maxDepth bounds the nesting of messages: an event's process has a parent,
// which has a context, which has a key; what is deeper was not written by us.
const maxDepth = 8

// trail is where in an event a codec is: field numbers from the outside in.
// It costs a store per message and becomes a path only when something is wrong.
type trail struct {
	numbers [maxDepth]protowire.Number
	depth   int
}

func (t *trail) push(n protowire.Number) bool {
	if t.depth >= maxDepth {
		return false
	}
	t.numbers[t.depth] = n
	t.depth++
	return true
}

func (t *trail) pop() { t.depth-- }

// path names the fields as the proto file does, joined by dots.
func (t *trail) path(last protowire.Number) string {
	numbers := append(append([]protowire.Number{}, t.numbers[:t.depth]...), last)
	message := (&baizev1.Event{}).ProtoReflect().Descriptor()
	var names []string
	for _, n := range numbers {
		field := fieldOf(message, n)
		if field == nil {
			break
		}
		names = append(names, string(field.Name()))
		message = field.Message()
	}
	return strings.Join(names, ".")
}

func fieldOf(message protoreflect.MessageDescriptor, n protowire.Number) protoreflect.FieldDescriptor {
	if message == nil {
		return nil
	}
	return message.Fields().ByNumber(n)
}
