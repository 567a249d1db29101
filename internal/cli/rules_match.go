package cli

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"baize/internal/extsort"
	"baize/internal/rulestream"
	"baize/internal/sigma"
	"baize/internal/sigma/correlate"
	"baize/internal/taxonomy"
)

// matchLines writes one line for each match of the records in in, in order of
// event and rule. A line that cannot be read is named and counts as a line.
func matchLines(set *sigma.Set, in io.Reader, out, complain io.Writer) (err error) {
	m := matcher{stream: rulestream.New(set), out: bufio.NewWriter(out), complain: complain}
	waits := func(r *sigma.Rule) bool { return !r.Correlation.Rising() }
	if slices.ContainsFunc(set.Correlations(), waits) {
		// A match may become known long after its event.
		m.sorter = extsort.New("")
		defer func() { err = errors.Join(err, m.sorter.Close()) }()
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for number := uint64(0); lines.Scan(); number++ {
		if err := m.line(lines.Bytes(), number); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return m.finish()
}

// matcher is a match in the middle of its input.
type matcher struct {
	stream   *rulestream.Stream
	sorter   *extsort.Sorter
	out      *bufio.Writer
	complain io.Writer
	found    []hit
}

// hit is one match, and a line of the output.
type hit struct {
	Rule  string `json:"rule"`
	Event uint64 `json:"event"`
}

func (m *matcher) line(text []byte, number uint64) error {
	if len(text) == 0 {
		return nil
	}
	records, err := taxonomy.Parse(text)
	if err != nil {
		fmt.Fprintf(m.complain, "line %d: %v\n", number+1, err)
		return nil
	}
	return m.take(m.stream.Process(records, number))
}

// take writes matches, or keeps them until those of earlier events are known.
func (m *matcher) take(matches []correlate.Match) error {
	m.found = m.found[:0]
	for i := range matches {
		h := hit{matches[i].Rule.Key(), matches[i].Ref}
		if m.sorter == nil {
			m.found = append(m.found, h)
			continue
		}
		key := binary.BigEndian.AppendUint64(nil, h.Event)
		if err := m.sorter.Add(append(key, h.Rule...), nil); err != nil {
			return err
		}
	}
	slices.SortFunc(m.found, func(a, b hit) int { return bytes.Compare([]byte(a.Rule), []byte(b.Rule)) })
	for _, h := range slices.Compact(m.found) {
		if err := json.NewEncoder(m.out).Encode(h); err != nil {
			return err
		}
	}
	return nil
}

// finish ends all windows: the end of the input is endless silence.
func (m *matcher) finish() error {
	if err := m.take(m.stream.Finish()); err != nil {
		return err
	}
	if m.sorter == nil {
		return m.out.Flush()
	}
	var last []byte
	var failed error
	for r := range m.sorter.All() {
		if !bytes.Equal(r.Key, last) && failed == nil {
			failed = json.NewEncoder(m.out).Encode(hit{string(r.Key[8:]), binary.BigEndian.Uint64(r.Key)})
		}
		last = append(last[:0], r.Key...)
	}
	return errors.Join(failed, m.sorter.Err(), m.out.Flush())
}
