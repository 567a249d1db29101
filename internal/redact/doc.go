// Package redact takes secrets out of command lines, environments and other
// text before they leave a host. What it finds is replaced by a keyed hash, as
// in [redacted:ab12cd34]: equal secrets stay recognisable as equal across the
// hosts of an organisation, which share the key, and nobody without the key can
// try guesses. 32 bits are enough to tell the secrets of a fleet apart and too
// few to confirm a guess among billions.
//
// Secrets are found by where they stand, never by how random they look: by the
// name before them (--password, DB_PASSWORD=, "token":), by the program that
// takes them there (mysql -p, curl -u, sshpass -p), by the form of their issuer
// (ghp_, AKIA, eyJ), in the authority of a URL and in headers. The same is
// looked for in text within an argument, as in sh -c '…'.
//
// Redaction must not become a place to hide a command. So only the value is
// replaced, at most maxSecret bytes of it, and nothing that a shell could act
// upon: no expansion, no substitution, no path of /dev/tcp, and of what has
// blanks only plain words (see plausible). Whatever runs has an event of its
// own, with its own arguments. An event says how many values were replaced.
//
// The package is pure, and its time is linear in the length of what it reads.
package redact
