// Package taxonomy lets Sigma rules read Baize events: it names the log source
// of every kind of event and the fields that rules ask for. The table that
// people read is docs/sigma-taxonomy.md; a test holds the two together.
//
// Where Sigma (or Sysmon for Linux, whose names Sigma uses) has a name, that
// name is used; what Baize knows beyond it goes by dotted names: Context.*,
// Ancestor.*, Container.*, Process.*, File.*, Network.*.
package taxonomy
