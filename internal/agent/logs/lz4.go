package logs

import "encoding/binary"

// unpackLZ4 reads the size (8 bytes) and one LZ4 block, whose format is a run
// of sequences: a token, literals, and a match of at least 4 bytes by its
// distance back. What exceeds maxData is left out.
func unpackLZ4(payload []byte) ([]byte, error) {
	if len(payload) < 8 {
		return nil, errUnpacked
	}
	size := min(binary.LittleEndian.Uint64(payload), maxData)
	out := make([]byte, 0, size)
	src := payload[8:]
	for len(src) > 0 && uint64(len(out)) < size {
		token := src[0]
		literals, rest, ok := lz4Length(int(token>>4), src[1:])
		if !ok || literals > len(rest) {
			return lz4Partial(out, len(payload))
		}
		out, src = append(out, rest[:literals]...), rest[literals:]
		if len(src) < 2 {
			break // the last sequence has literals alone
		}
		back := int(binary.LittleEndian.Uint16(src))
		match, rest, ok := lz4Length(int(token&15), src[2:])
		if !ok || back == 0 || back > len(out) {
			return lz4Partial(out, len(payload))
		}
		for n := match + 4; n > 0 && uint64(len(out)) < size; n-- {
			out = append(out, out[len(out)-back])
		}
		src = rest
	}
	return out[:min(uint64(len(out)), size)], nil
}

// lz4Partial is what could be read of a block that was cut at maxData; a
// whole block that breaks off is refused.
func lz4Partial(out []byte, read int) ([]byte, error) {
	if read < maxData {
		return nil, errUnpacked
	}
	return out, nil
}

// lz4Length reads the rest of a length whose first part was 15.
func lz4Length(n int, src []byte) (length int, rest []byte, ok bool) {
	if n < 15 {
		return n, src, true
	}
	for i, c := range src {
		if n += int(c); n > maxData {
			return maxData, src[i+1:], true
		}
		if c != 255 {
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}
