// Package intrusions is a labelled set: intrusions of many shapes, staged for
// real on hosts of the laboratory with ordinary work around them, and recorded
// by the project's own sensor. The labels come from who staged them: processes
// from the kernel's own notices of forks, files and peers from the script of the
// intrusion. Nothing of them comes from what Baize says.
//
// The tests replay the recordings and count how much of each intrusion its
// kill-chain alert shows, and how much else. The command in record makes the
// recordings anew (make intrusions). Everything happens in namespaces without a
// route to anywhere; what an intruder changes is a copy in memory.
package intrusions
