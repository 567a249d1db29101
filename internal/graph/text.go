package graph

// texts share equal strings: a decoder makes each anew, and thousands of
// processes have the same image, user and context. What is in it has no
// influence on any answer.
type texts map[string]string

// maxTexts bounds the strings shared at once; past it sharing starts over.
const maxTexts = 50_000

// share returns a string equal to s, cut at maxText, that others use as well.
func (t texts) share(s string) string {
	s = clip(s)
	if have, ok := t[s]; ok {
		return have
	}
	if len(t) >= maxTexts {
		clear(t)
	}
	t[s] = s
	return s
}
