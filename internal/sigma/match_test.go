package sigma

import "testing"

// flat is a record of texts, numbers, truth values, nil and lists of them.
type flat map[string]any

func (f flat) Logsource() Logsource { return Logsource{Product: "linux"} }
func (f flat) Schema() *Schema      { return nil }

func (f flat) Field(_ int, name string, out *Values) {
	if v, ok := f[name]; ok {
		add(v, out)
	}
}

func (f flat) Strings(out *Values) {
	for _, v := range f {
		addTexts(v, out)
	}
}

func addTexts(v any, out *Values) {
	switch v := v.(type) {
	case string:
		out.String(v)
	case []any:
		for _, item := range v {
			addTexts(item, out)
		}
	}
}

func add(v any, out *Values) {
	switch v := v.(type) {
	case nil:
		out.Null()
	case string:
		out.String(v)
	case int:
		out.Int(int64(v))
	case float64:
		out.Float(v)
	case bool:
		out.Bool(v)
	case []any:
		for _, item := range v {
			add(item, out)
		}
	}
}

// semantics are detections with records that they match, and records that
// they do not.
var semantics = []struct {
	name, detection string
	yes, no         []flat
}{
	{
		"equality ignores case", "s:\n  a: Bash\ncondition: s",
		[]flat{{"a": "bash"}, {"a": "BASH"}, {"a": []any{"x", "bAsh"}}},
		[]flat{{"a": "bash "}, {"a": "ba"}, {"b": "bash"}, {"a": nil}, {"a": ""}},
	},
	{
		"folding is Unicode's", "s:\n  a: 'ΣΚΑΪ k'\ncondition: s",
		[]flat{{"a": "ςκαϊ \u212a"}},
		[]flat{{"a": "σκαι k"}},
	},
	{
		"cased", "s:\n  a|cased|contains: Bash\ncondition: s",
		[]flat{{"a": "x Bash"}},
		[]flat{{"a": "x bash"}},
	},
	{
		"anchors", "s:\n  a|startswith: /tmp/\n  b|endswith: .sh\n  c|contains: curl\ncondition: s",
		[]flat{{"a": "/TMP/x", "b": ".sh", "c": "a curl b"}},
		[]flat{{"a": " /tmp/x", "b": "x.sh", "c": "curl"}, {"a": "/tmp/", "b": "x.sh.", "c": "curl"}, {"a": "/tmp/", "b": ".sh"}},
	},
	{
		"wildcards", `s:
  a: 'c?t*/x'
condition: s`,
		[]flat{{"a": "cat/x"}, {"a": "cöt//x/x"}},
		[]flat{{"a": "ct/x"}, {"a": "cat/xy"}},
	},
	{
		"escapes", `s:
  a: '\*\?\\*\x'
condition: s`,
		[]flat{{"a": `*?\zz\x`}, {"a": `*?\\x`}},
		[]flat{{"a": `*?zz\x`}, {"a": `xy\zz\x`}},
	},
	{
		"star alone needs a value", "s:\n  a: '*'\ncondition: s",
		[]flat{{"a": ""}, {"a": "x"}, {"a": 3}},
		[]flat{{}, {"a": nil}},
	},
	{"empty text", "s:\n  a: ''\ncondition: s", []flat{{"a": ""}}, []flat{{"a": "x"}, {}, {"a": nil}}},
	{"null", "s:\n  a: null\ncondition: s", []flat{{}, {"a": nil}}, []flat{{"a": ""}, {"a": 0}}},
	{
		"exists", "s:\n  a|exists: true\n  b|exists: false\ncondition: s",
		[]flat{{"a": "x"}, {"a": nil}},
		[]flat{{"a": "x", "b": ""}, {}},
	},
	{
		"list of values", "s:\n  a:\n    - x\n    - 12\n    - true\ncondition: s",
		[]flat{{"a": "X"}, {"a": 12}, {"a": "12"}, {"a": true}},
		[]flat{{"a": 1}, {"a": false}},
	},
	{
		"all", "s:\n  a|contains|all:\n    - x\n    - y\ncondition: s",
		[]flat{{"a": "yx"}, {"a": []any{"x", "y"}}},
		[]flat{{"a": "x"}},
	},
	{
		"neq", "s:\n  a|neq:\n    - x\n    - y\ncondition: s",
		[]flat{{"a": "z"}, {}},
		[]flat{{"a": "x"}, {"a": []any{"z", "y"}}},
	},
	{
		"list of maps", "s:\n  - a: x\n    b: y\n  - c: z\ncondition: s",
		[]flat{{"a": "x", "b": "y"}, {"c": "z"}},
		[]flat{{"a": "x"}, {"b": "y"}},
	},
	{
		"keywords", "k:\n  - sudo\n  - 'a*b'\ncondition: k",
		[]flat{{"q": "x SUDO y"}, {"q": "1axb2"}},
		[]flat{{"q": "sud"}, {"sudo": "x"}, {"q": 3}},
	},
	{
		"all keywords", "k:\n  '|all':\n    - one\n    - two\ncondition: k",
		[]flat{{"p": "one", "q": "two"}, {"p": "two one"}},
		[]flat{{"p": "one"}},
	},
	{
		"regular expression", "s:\n  a|re: '^c[a-z]+t$'\ncondition: s",
		[]flat{{"a": "cat"}},
		[]flat{{"a": "CAT"}, {"a": "xcat"}},
	},
	{
		"its flags", "s:\n  a|re|i|m: '^cat$'\n  b|re|s: 'x.y'\ncondition: s",
		[]flat{{"a": "dog\nCAT", "b": "x\ny"}},
		[]flat{{"a": "dog cat", "b": "x\ny"}},
	},
	{"fold into ASCII", "s:\n  a|re|i: 'ks'\ncondition: s", []flat{{"a": "\u212a\u017f"}}, []flat{{"a": "k"}}},
	{
		"networks", "s:\n  a|cidr:\n    - 10.0.0.0/8\n    - fc00::/7\ncondition: s",
		[]flat{{"a": "10.1.2.3"}, {"a": "fd00::1"}, {"a": "::ffff:10.0.0.1"}},
		[]flat{{"a": "11.0.0.1"}, {"a": "x"}, {"a": ""}},
	},
	{
		"comparison", "s:\n  a|gt: 3\n  a|lte: 7.5\ncondition: s",
		[]flat{{"a": 4}, {"a": "7.5"}, {"a": 7.5}},
		[]flat{{"a": 3}, {"a": 8}, {"a": "x"}, {}},
	},
	{
		"times", "s:\n  a|hour|gte: 22\n  a|year: 2026\ncondition: s",
		[]flat{{"a": "2026-01-02T23:00:00+01:00"}, {"a": "2026-01-02T22:00:00.5Z"}},
		[]flat{{"a": "2026-01-02T22:00:00+01:00"}, {"a": "2025-01-02T23:00:00Z"}, {"a": "x"}},
	},
	{
		"field reference", "s:\n  a|fieldref: b\ncondition: s",
		[]flat{{"a": "X", "b": "x"}, {"a": 5, "b": "5"}},
		[]flat{{"a": "x", "b": "y"}, {}, {"a": "x"}},
	},
	{"its negation", "s:\n  a|fieldref|neq: b\ncondition: s", []flat{{"a": "x", "b": "y"}}, []flat{{"a": "x", "b": "X"}}},
	{"its anchors", "s:\n  a|fieldref|endswith: b\ncondition: s", []flat{{"a": "/bin/sh", "b": "sh"}}, []flat{{"a": "/bin/sh", "b": "bin"}}},
	{"base64", "s:\n  a|base64|contains: 'foobar'\ncondition: s", []flat{{"a": "x Zm9vYmFy"}}, []flat{{"a": "foobar"}}},
	{
		"base64 offsets", "s:\n  a|base64offset|contains: 'http://'\ncondition: s",
		[]flat{{"a": "aHR0cDovL"}, {"a": "h0dHA6Ly"}, {"a": "odHRwOi8v"}},
		[]flat{{"a": "http://"}},
	},
	{
		"wide", "s:\n  a|wide|base64offset|contains: ping\ncondition: s",
		[]flat{{"a": "cABpAG4AZw"}, {"a": "AAaQBuAGcA AHAAaQBuAGcA"}},
		[]flat{{"a": "cGluZw"}},
	},
	{
		"utf16 orders", "s:\n  - a|utf16be: hi\n  - b|utf16: hi\ncondition: s",
		[]flat{{"a": "\x00h\x00i"}, {"b": "\xff\xfeh\x00i\x00"}},
		[]flat{{"a": "hi"}, {"b": "h\x00i\x00"}},
	},
	{
		"windash", "s:\n  a|windash|contains: ' -f '\ncondition: s",
		[]flat{{"a": "x -f y"}, {"a": "x /F y"}, {"a": "x \u2013f y"}},
		[]flat{{"a": "x f y"}},
	},
	{
		"precedence", "a:\n  a: 1\nb:\n  b: 1\nc:\n  c: 1\ncondition: a or b and not c",
		[]flat{{"a": 1, "c": 1}, {"b": 1}},
		[]flat{{"b": 1, "c": 1}, {}},
	},
	{
		"parentheses", "a:\n  a: 1\nb:\n  b: 1\nc:\n  c: 1\ncondition: (a or b) and not (c)",
		[]flat{{"a": 1}},
		[]flat{{"a": 1, "c": 1}},
	},
	{
		"quantities", "s_1:\n  a: 1\ns_2:\n  b: 1\n_x:\n  c: 1\ncondition: all of s_* or 1 of _x*",
		[]flat{{"a": 1, "b": 1}, {"c": 1}},
		[]flat{{"a": 1}, {}},
	},
	{"them", "s_1:\n  a: 1\n_x:\n  c: 1\ncondition: any of them", []flat{{"a": 1}}, []flat{{"c": 1}}},
	{"all of them", "s_1:\n  a: 1\ns_2:\n  b: 1\ncondition: all of them", []flat{{"a": 1, "b": 1}}, []flat{{"a": 1}}},
	{"list of conditions", "a:\n  a: 1\nb:\n  b: 1\ncondition:\n  - a\n  - b", []flat{{"a": 1}, {"b": 1}}, []flat{{}}},
}

func TestSemantics(t *testing.T) {
	for _, c := range semantics {
		t.Run(c.name, func(t *testing.T) {
			set := one(t, rule(c.detection))
			for _, rec := range c.yes {
				if len(set.Match(rec, nil)) != 1 {
					t.Errorf("%v does not match", rec)
				}
			}
			for _, rec := range c.no {
				if len(set.Match(rec, nil)) != 0 {
					t.Errorf("%v matches", rec)
				}
			}
		})
	}
}

func TestLogsourceMustAgree(t *testing.T) {
	text := "title: t\nlogsource:\n  product: linux\n  category: dns_query\ndetection:\n  s:\n    a: b\n  condition: s\n"
	if got := one(t, text).Match(flat{"a": "b"}, nil); len(got) != 0 {
		t.Errorf("a rule for dns_query matched a record without category")
	}
}

func TestMatchesComeInOrderOfKey(t *testing.T) {
	detection := rule("s:\n  a: b\ncondition: s")
	set, _ := Load(files("id: z\n"+detection, "id: m\n"+detection, detection))
	var keys string
	for _, r := range set.Match(flat{"a": "b"}, nil) {
		keys += r.Key() + " "
	}
	if keys != "c.yml m z " {
		t.Errorf("order %q", keys)
	}
}
