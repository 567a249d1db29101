// Package bench measures what Baize costs and holds it against what was
// promised, line by line. Conditions that are compared alternate within one run
// (A B A B …), and medians of it are quoted: the machines are noisy, and only
// what was measured side by side may be compared. A miss is printed as a miss.
//
// Run it with make bench, on a machine that does nothing else; LINES=1,4
// selects, SCALE=0.1 shortens the runs, for trying it out. The results, with the
// raw figures of every run, are in bench/results/latest.json.
package bench
