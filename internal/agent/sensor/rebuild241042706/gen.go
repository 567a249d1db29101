package sensor

// The objects are committed, so that a build needs no clang; a test rebuilds
// and compares them.
//
//go:generate go tool bpf2go -go-package sensor -tags linux -target amd64,arm64 -cflags "-O2 -g -Wall -Werror" sensor bpf/sensor.bpf.c -- -Ibpf
