// Package version says which build this is.
package version

// Version is set by the build, from the repository's tags.
var Version = "unknown"
