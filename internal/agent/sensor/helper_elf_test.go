package sensor

import (
	"runtime"
	"testing"
)

// Programs as machine code, so that they need neither a compiler nor libraries.
var (
	// hiddenSetuid calls setuid32(65534) through the 32-bit entry, which no
	// tracepoint of system calls shows, and executes /bin/true.
	hiddenSetuid = []byte("\xb8\xd5\x00\x00\x00\xbb\xfe\xff\x00\x00\xcd\x80" + // setuid32(65534)
		"\x48\x8d\x3d\x14\x00\x00\x00\x31\xf6\x31\xd2\xb8\x3b\x00\x00\x00\x0f\x05" + // execve(path, 0, 0)
		"\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05" + "/bin/true\x00") // exit(0)
	exit64 = []byte("\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05")
	exit32 = []byte("\xb8\x01\x00\x00\x00\x31\xdb\xcd\x80")
	// exitARM is exit(0): mov x0, 0; mov x8, 93; svc 0.
	exitARM = []byte("\x00\x00\x80\xd2\xa8\x0b\x80\xd2\x01\x00\x00\xd4")
)

// tinyProgram ends at once.
func tinyProgram(t *testing.T) []byte {
	t.Helper()
	return native(t, exit64, exitARM)
}

// native is an executable of the code for this machine.
func native(t *testing.T, amd64, arm64 []byte) []byte {
	t.Helper()
	switch runtime.GOARCH {
	case "amd64":
		return elf64(amd64)
	case "arm64":
		program := elf64(arm64)
		const machineOffset, machineARM = 18, 183
		program[machineOffset] = machineARM
		return program
	}
	t.Skip("no program for " + runtime.GOARCH)
	return nil
}

// Where the programs are loaded, and the sizes of the headers before the code.
const (
	loadAddress = 0x400000
	head64      = 64 + 56
	head32      = 52 + 32
	pageSize    = 0x1000
	readExecute = 5
)

func words[T uint16 | uint32 | uint64](out []byte, values ...T) []byte {
	for _, v := range values {
		switch v := any(v).(type) {
		case uint16:
			out = order.AppendUint16(out, v)
		case uint32:
			out = order.AppendUint32(out, v)
		case uint64:
			out = order.AppendUint64(out, v)
		}
	}
	return out
}

// elf64 is an executable of the code for amd64, in one segment with its headers.
func elf64(code []byte) []byte {
	size := uint64(head64 + len(code))
	out := []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	out = words[uint16](out, 2, 62)                       // executable, amd64
	out = words[uint32](out, 1)                           // version
	out = words[uint64](out, loadAddress+head64, 64, 0)   // entry, program headers, sections
	out = words[uint32](out, 0)                           // flags
	out = words[uint16](out, 64, 56, 1, 0, 0, 0)          // header sizes and counts
	out = words[uint32](out, 1, readExecute)              // a segment to load
	out = words[uint64](out, 0, loadAddress, loadAddress) // offset, addresses
	out = words[uint64](out, size, size, pageSize)
	return append(out, code...)
}

// elf32 is the same for i386.
func elf32(code []byte) []byte {
	size := uint32(head32 + len(code))
	out := []byte("\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	out = words[uint16](out, 2, 3)
	out = words[uint32](out, 1, loadAddress+head32, 52, 0, 0)
	out = words[uint16](out, 52, 32, 1, 0, 0, 0)
	out = words[uint32](out, 1, 0, loadAddress, loadAddress, size, size, readExecute, pageSize)
	return append(out, code...)
}
