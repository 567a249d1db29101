package sensor

// call32 is a system call of i386: its number and up to five arguments, numbers
// or texts.
type call32 struct {
	number uint32
	args   []any
}

// Numbers of the calls of i386 that the tests use.
const (
	open32     = 5
	setxattr32 = 226
	memfd32    = 356
	link32     = 9
	unlink32   = 10
	chmod32    = 15
	lchown32   = 198
	rename32   = 38
	mkdir32    = 39
	rmdir32    = 40
	symlink32  = 83
	truncate32 = 92
	socket32   = 359
	connect32  = 362
	setuid32   = 213
)

// program32 is a program of 32-bit code that makes the calls, each of which must
// succeed, and ends.
func program32(calls ...call32) []byte {
	// The registers of arguments, as the opcodes that load them: ebx, ecx, edx,
	// esi, edi.
	registers := []byte{0xbb, 0xb9, 0xba, 0xbe, 0xbf}
	const (
		loadEAX   = 0xb8
		failCode  = "\xb8\x01\x00\x00\x00\xbb\x01\x00\x00\x00\xcd\x80" // exit(1)
		checkCall = "\xcd\x80\x85\xc0\x79" + string(byte(len(failCode)))
	)
	var code, texts []byte
	type reference struct{ at, text int }
	var references []reference
	for _, c := range calls {
		for i, a := range c.args {
			code = append(code, registers[i])
			switch a := a.(type) {
			case int:
				code = words(code, uint32(a))
			case string:
				references = append(references, reference{len(code), len(texts)})
				code = words(code, uint32(0))
				texts = append(append(texts, a...), 0)
			}
		}
		code = words(append(code, loadEAX), c.number)
		code = append(code, checkCall+failCode...)
	}
	code = append(code, exit32...)
	for _, r := range references {
		order.PutUint32(code[r.at:], uint32(loadAddress+head32+len(code)+r.text))
	}
	return elf32(append(code, texts...))
}
