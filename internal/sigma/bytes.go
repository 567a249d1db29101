package sigma

import "unsafe"

// view returns b as a string that shares its memory. The caller never writes
// to those bytes while the string is in use: Values only appends until Reset.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
