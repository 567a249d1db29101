package hotspot

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"baize/internal/agent/probe/target"
)

// VM is what a Java VM says of itself in its memory: what it runs with, whatever
// its command line, environment, files of options and later changes say.
type VM struct {
	// Version as in 17.0.15+6, or 1.8.0_252-b09.
	Version string
	// Feature is the release: 8, 17. 0 where the version says none.
	Feature int
	// Library is the path of libjvm.so within the target.
	Library string
	// flags are those of interest, by name.
	flags map[string]bool
}

// The flags that decide whether and how to attach.
const (
	flagDisable = "DisableAttachMechanism"
	flagReduce  = "ReduceSignalUsage" // -Xrs
	flagDynamic = "EnableDynamicAgentLoading"
)

var wanted = []string{flagDisable, flagReduce, flagDynamic}

// AttachDisabled says that the VM has no attach listener.
func (v *VM) AttachDisabled() bool { return v.flags[flagDisable] }

// SignalsReduced says that the VM handles no signals: its attach listener runs
// from the beginning.
func (v *VM) SignalsReduced() bool { return v.flags[flagReduce] }

// LoadingDisabled says that no agents are loaded into the running VM. Before
// release 9 there was no such option.
func (v *VM) LoadingDisabled() bool {
	allowed, known := v.flags[flagDynamic]
	return known && !allowed
}

const library = "libjvm.so"

// Library finds the VM's library among the mappings of a process.
func Library(mappings []target.Mapping) (target.Mapping, bool) {
	for _, m := range mappings {
		if m.Offset == 0 && path.Base(m.Path) == library {
			return m, true
		}
	}
	return target.Mapping{}, false
}

// maxLibrary bounds what is read of a library, in bytes: the target may have
// put anything there.
const maxLibrary = 128 << 20

// Inspect reads what a VM says of itself. HotSpot describes its own variables in
// tables that the serviceability agent of the JDK reads: gHotSpotVMStructs and
// gHotSpotVMTypes of vmStructs.cpp.
func Inspect(p *target.Process, library target.Mapping) (vm *VM, err error) {
	defer func() {
		// What is parsed here belongs to the target.
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("%s: %v", library.Path, thrown)
		}
	}()
	file, err := p.OpenMapping(library)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	symbols, err := symbolsOf(io.NewSectionReader(file, 0, maxLibrary), library.Low)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", library.Path, err)
	}
	memory, err := p.OpenMemory()
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	r := &reader{memory: memory}
	vm = r.vm(symbols)
	vm.Library = library.Path
	if r.err != nil {
		return nil, fmt.Errorf("%s: %w", library.Path, r.err)
	}
	return vm, nil
}

const (
	structsTable = "gHotSpotVMStructs"
	typesTable   = "gHotSpotVMTypes"
)

// symbolsOf gives the addresses of the tables in a library that is mapped at low.
func symbolsOf(file io.ReaderAt, low uint64) (map[string]uint64, error) {
	image, err := elf.NewFile(file)
	if err != nil {
		return nil, err
	}
	if image.Class != elf.ELFCLASS64 || image.ByteOrder != binary.LittleEndian {
		return nil, errors.New("not a library of a 64-bit little-endian machine")
	}
	for _, part := range image.Progs {
		if part.Type == elf.PT_LOAD {
			low -= part.Vaddr &^ (part.Align - 1)
			break
		}
	}
	list, err := image.DynamicSymbols()
	if err != nil {
		return nil, err
	}
	found := map[string]uint64{}
	for _, s := range list {
		if s.Name == structsTable || s.Name == typesTable {
			found[s.Name] = low + s.Value
		}
	}
	if len(found) < 2 {
		return nil, errors.New("it does not describe its variables")
	}
	return found, nil
}

// Sizes of the tables' entries, in bytes, and how many there are at most; VMs
// have some 3,000.
const (
	structSize = 48
	typeSize   = 40
	maxEntries = 20_000
)

// member is where a variable or a member of a structure is.
type member struct{ offset, address uint64 }

// structs reads the members of the types of interest.
func (r *reader) structs(table uint64) map[string]member {
	found := map[string]member{}
	for i := range uint64(maxEntries) {
		e := r.bytes(table+i*structSize, structSize)
		word := func(at int) uint64 { return binary.LittleEndian.Uint64(e[at:]) }
		if r.err != nil || word(0) == 0 {
			return found
		}
		switch r.text(word(0)) {
		case "JVMFlag", "Flag": // Flag until release 9
			found["flag."+r.text(word(8))] = member{word(32), word(40)}
		case "Abstract_VM_Version":
			found["version."+r.text(word(8))] = member{word(32), word(40)}
		}
	}
	return found
}

// flagSize is the size of the structure of a flag.
func (r *reader) flagSize(table uint64) uint64 {
	for i := range uint64(maxEntries) {
		e := r.bytes(table+i*typeSize, typeSize)
		name := binary.LittleEndian.Uint64(e)
		if r.err != nil || name == 0 {
			return 0
		}
		if owner := r.text(name); owner == "JVMFlag" || owner == "Flag" {
			return binary.LittleEndian.Uint64(e[32:])
		}
	}
	return 0
}

func (r *reader) vm(symbols map[string]uint64) *VM {
	members := r.structs(r.pointer(symbols[structsTable]))
	vm := &VM{flags: map[string]bool{}}
	if m := members["version._s_internal_vm_info_string"]; m.address != 0 {
		vm.Version, vm.Feature = versionOf(r.text(r.pointer(m.address)))
	}
	size := r.flagSize(r.pointer(symbols[typesTable]))
	first, count := members["flag.flags"], members["flag.numFlags"]
	name, address := members["flag._name"].offset, members["flag._addr"].offset
	if first.address == 0 || count.address == 0 || r.err != nil {
		return vm
	}
	n := r.pointer(count.address)
	if n > maxEntries || size < 16 || size > 256 || name > size-8 || address > size-8 {
		r.err = fmt.Errorf("a table of %d flags of %d bytes is none", n, size)
		return vm
	}
	r.flags(vm, r.bytes(r.pointer(first.address), int(n*size)), int(size), name, address)
	return vm
}

// flags reads those of interest from a table of structures.
func (r *reader) flags(vm *VM, table []byte, size int, name, address uint64) {
	for ; len(table) >= size && r.err == nil; table = table[size:] {
		at := binary.LittleEndian.Uint64(table[name:])
		if at == 0 {
			continue
		}
		called := r.text(at)
		for _, want := range wanted {
			if called == want {
				vm.flags[want] = r.bytes(binary.LittleEndian.Uint64(table[address:]), 1)[0] != 0
			}
		}
	}
}

// versionOf takes the JRE's version from what a VM says of its build.
func versionOf(info string) (version string, feature int) {
	_, rest, found := strings.Cut(info, " JRE (")
	if !found {
		return "", 0
	}
	version, _, _ = strings.Cut(rest, ")")
	digits := strings.TrimPrefix(version, "1.")
	if end := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' }); end >= 0 {
		digits = digits[:end]
	}
	feature, err := strconv.Atoi(digits)
	if err != nil {
		return version, 0
	}
	return version, feature
}

// reader reads the memory of a VM until something is wrong.
type reader struct {
	memory *target.Memory
	err    error
}

// bytes reads n bytes; they are zero from the first error on.
func (r *reader) bytes(address uint64, n int) []byte {
	into := make([]byte, n)
	if r.err == nil {
		r.err = r.memory.Read(address, into)
	}
	return into
}

func (r *reader) pointer(address uint64) uint64 {
	return binary.LittleEndian.Uint64(r.bytes(address, 8))
}

// maxText bounds a text, in bytes.
const maxText = 512

// text reads a C string. It may end right before memory that cannot be read.
func (r *reader) text(address uint64) string {
	const step = 64
	var text []byte
	for address != 0 && len(text) < maxText && r.err == nil {
		part := r.bytes(address, int(step-address%step))
		if end := strings.IndexByte(string(part), 0); end >= 0 {
			return string(append(text, part[:end]...))
		}
		text = append(text, part...)
		address += uint64(len(part))
	}
	return string(text)
}
