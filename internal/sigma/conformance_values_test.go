package sigma

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/fstest"
)

func TestNetworks(t *testing.T) {
	checkItems(t, []itemCase{
		{`f|cidr: 192.168.0.0/23`, []any{"192.168.0.0", "192.168.1.255", "::ffff:192.168.1.1"}, []any{"192.168.2.0", "::1", "192.168.1", "", missing{}, 7}},
		{`f|cidr: 192.168.1.77/24`, []any{"192.168.1.1"}, []any{"192.168.2.1"}},
		{`f|cidr: 10.0.0.1/32`, []any{"10.0.0.1"}, []any{"10.0.0.2"}},
		{`f|cidr: 10.0.0.1`, []any{"10.0.0.1"}, []any{"10.0.0.2"}},
		{`f|cidr: 0.0.0.0/0`, []any{"0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"}, []any{"::1", "x"}},
		{`f|cidr: '::/0'`, []any{"::", "fe80::1"}, []any{"1.2.3.4"}},
		{`f|cidr: '2001:db8::/33'`, []any{"2001:DB8:7fff::1", "2001:db8:0:0::5"}, []any{"2001:db8:8000::", "10.0.0.1"}},
		{`f|cidr: 'fe80::/10'`, []any{"fe80::1", "fe80::1%eth0"}, []any{"fec0::1"}},
		{`f|cidr: '::ffff:10.0.0.0/104'`, []any{"10.1.2.3", "::ffff:10.1.2.3"}, []any{"11.0.0.1", "::1"}},
		{"f|cidr:\n  - 10.0.0.0/8\n  - 'fc00::/7'", []any{"10.9.9.9", "fd00::1"}, []any{"fe80::1"}},
	})
}

func TestComparisons(t *testing.T) {
	nothing := []any{"x", "", "5x", true, missing{}, nil, "NaN", "inf", "-Infinity"}
	checkItems(t, []itemCase{
		{`f|lt: 5`, []any{4, -1, 4.9, "4", "-7.5", "4e0"}, append(nothing, 5, 6, "5.0")},
		{`f|lte: 5`, []any{5, 5.0, "5.0", 4}, append(nothing, 6, 5.01)},
		{`f|gt: 5`, []any{6, 5.01, "1e3"}, append(nothing, 5, 4)},
		{`f|gte: 5`, []any{5, 6, "5.00"}, append(nothing, 4, 4.99)},
		{`f|gt: -1.5`, []any{-1, 0, "-1.4"}, append(nothing, -2, -1.5)},
		{`f|lt: 0.25`, []any{0, 0.125}, append(nothing, 0.25, 1)},
		{"f|lt:\n  - 1\n  - 10", []any{0, 5}, append(nothing, 10)},
		{"f|gt|all:\n  - 1\n  - 10", []any{11}, append(nothing, 5)},
		{"f|gte: 2\nf|lt: 4", []any{2, 3.5, "3"}, append(nothing, 1, 4)},
		{`f: 5`, []any{5, "5", 5.0}, []any{"5.0", "05", 55}},
		{`f: -1`, []any{-1, "-1"}, []any{1}},
		{`f: 0x10`, []any{16}, []any{"0x10"}},
		{`f: '0x10'`, []any{"0X10"}, []any{16}},
		{`f: 18446744073709551615`, []any{"18446744073709551615"}, []any{"18446744073709551616"}},
	})
}

func TestTimeParts(t *testing.T) {
	const at = "2024-12-30T23:59:58.5-01:00" // 2024-12-31 00:59:58 UTC, ISO week 1
	nothing := []any{"x", 59, "2024-12-31", "", missing{}}
	checkItems(t, []itemCase{
		{`f|minute: 59`, []any{at}, append(nothing, "2024-12-31T00:58:00Z")},
		{`f|hour: 0`, []any{at}, append(nothing, "2024-12-31T23:00:00Z")},
		{`f|day: 31`, []any{at}, append(nothing, "2024-12-30T00:00:00Z")},
		{`f|week: 1`, []any{at}, append(nothing, "2024-12-29T00:00:00Z")},
		{`f|month: 12`, []any{at}, append(nothing, "2024-11-30T00:00:00Z")},
		{`f|year: 2024`, []any{at}, append(nothing, "2024-12-31T23:30:00-01:00")},
		{"f|hour|gte: 22\nf|minute|lt: 30", []any{"2024-01-01T22:29:00Z"}, append(nothing, "2024-01-01T22:30:00Z", "2024-01-01T21:00:00Z")},
		{"f|hour:\n  - 3\n  - 4", []any{"2024-01-01T04:00:00Z"}, append(nothing, "2024-01-01T05:00:00Z")},
		{`f|year|neq: 2024`, []any{"2025-01-01T00:00:00Z", "x"}, []any{at}},
	})
}

func TestEncodings(t *testing.T) {
	checkItems(t, []itemCase{
		{`f|base64: whoami`, []any{"d2hvYW1p"}, []any{"xd2hvYW1p", "whoami"}},
		{`f|base64: whoam`, []any{"d2hvYW0="}, []any{"d2hvYW0"}},
		{`f|base64|contains: é`, []any{"x w6k= y"}, []any{"w6k"}},
		{`f|base64|startswith: whoami`, []any{"d2hvYW1pIC1h"}, []any{" d2hvYW1p"}},
		{`f|base64: 'a\*b'`, []any{"YSpi"}, []any{"YVwqYg=="}},
		{`f|base64|cased: whoami`, []any{"d2hvYW1p"}, []any{"D2HVYW1P"}},
		{`f|utf16le: aé`, []any{"a\x00\xe9\x00"}, []any{"\x00a\x00\xe9", "aé"}},
		{`f|wide: a`, []any{"a\x00", "A\x00"}, []any{"\x00a"}},
		{`f|utf16be: a`, []any{"\x00a"}, []any{"a\x00"}},
		{`f|utf16: a`, []any{"\xff\xfea\x00"}, []any{"a\x00"}},
		{`f|utf16le: 'a*b'`, []any{"a\x00b\x00", "a\x00x\x00b\x00"}, []any{"a\x00x\x00"}},
		{`f|utf16le: 😀`, []any{"\x3d\xd8\x00\xde"}, []any{"😀"}},
		{`f|wide|base64: ping`, []any{"cABpAG4AZwA="}, []any{"cGluZw=="}},
		{`f|utf16be|base64: ping`, []any{"AHAAaQBuAGc="}, []any{"cABpAG4AZwA="}},
		{`f|utf16|base64: ping`, []any{"//5wAGkAbgBnAA=="}, []any{"cABpAG4AZwA="}},
		{"f|base64|contains|all:\n  - foo\n  - bar", []any{"Zm9v YmFy"}, []any{"Zm9v"}},
	})
}

// TestBase64AtEveryPosition encodes texts that hold the value at all places,
// with all ends: the value is found in each, and not without it.
func TestBase64AtEveryPosition(t *testing.T) {
	for _, value := range []string{"http", "https", "/bin/sh", "curl -s", "é世!"} {
		set := one(t, rule("s:\n  f|base64offset|contains|cased: '"+value+"'\ncondition: s"))
		wide := one(t, rule("s:\n  f|wide|base64offset|contains|cased: '"+value+"'\ncondition: s"))
		for before := range 7 {
			for after := range 4 {
				text := strings.Repeat("\xa5", before) + value + strings.Repeat("\x5a", after)
				in := flat{"f": base64.StdEncoding.EncodeToString([]byte(text))}
				if len(set.Match(in, nil)) != 1 {
					t.Errorf("%q, %d before, %d after: not found", value, before, after)
				}
				if len(wide.Match(in, nil)) != 0 {
					t.Errorf("%q is found as UTF-16", value)
				}
				text = strings.Repeat("\xa5", before) + encodeUTF16(value, false, false) + strings.Repeat("\x5a", after)
				if len(wide.Match(flat{"f": base64.StdEncoding.EncodeToString([]byte(text))}, nil)) != 1 {
					t.Errorf("UTF-16 of %q, %d before, %d after: not found", value, before, after)
				}
			}
		}
		if without := base64.StdEncoding.EncodeToString([]byte("gopher://x" + value[:len(value)-1])); len(set.Match(flat{"f": without}, nil)) != 0 {
			t.Errorf("%q is found in %q", value, without)
		}
	}
}

func TestDashes(t *testing.T) {
	checkItems(t, []itemCase{
		{`f|windash: -f`, []any{"-f", "/f", "–f", "—f", "―F"}, []any{"f", "--f", `\f`}},
		{`f|windash: /f`, []any{"-f", "/f", "–f", "—f", "―F"}, []any{"f"}},
		{`f|windash|contains: ' -a -b'`, []any{"x -a -b", "x /a –b", "x —a ―b y"}, []any{"x -a b", "x -a"}},
		{`f|contains|windash: ' -a'`, []any{"x /a"}, []any{"x a"}},
		{`f|windash|contains: a-b`, []any{"a-b"}, []any{"a/b"}},
		{`f|windash: '* -f *'`, []any{"x /f y"}, []any{"x f y"}},
		{"f|windash|contains|all:\n  - -a\n  - -b", []any{"/a –b"}, []any{"/a", "b"}},
		{`f|windash|endswith: '-'`, []any{"x-"}, []any{"x/"}},
	})
}

func TestFieldReferences(t *testing.T) {
	for _, c := range []struct {
		item string
		f, g any
		want bool
	}{
		{"f|fieldref: g", "ÉX", "éx", true},
		{"f|fieldref: g", "x", "y", false},
		{"f|fieldref: g", "a*", "abc", false},
		{"f|fieldref: g", 7, "7", true},
		{"f|fieldref: g", "x", []any{"y", "X"}, true},
		{"f|fieldref: g", []any{"y", "x"}, []any{"z", "x"}, true},
		{"f|fieldref: g", nil, nil, false},
		{"f|fieldref: g", "", "", true},
		{"f|fieldref|cased: g", "X", "x", false},
		{"f|fieldref|cased: g", "X", "X", true},
		{"f|fieldref|neq: g", "x", "y", true},
		{"f|fieldref|neq: g", "x", "X", false},
		{"f|neq|fieldref: g", "x", "x", false},
		{"f|fieldref|startswith: g", "/bin/sh", "/BIN", true},
		{"f|fieldref|startswith: g", "/bin/sh", "sh", false},
		{"f|fieldref|contains: g", "a bash c", "bash", true},
		{"f|endswith|fieldref: g", "/bin/sh", "/sh", true},
		{"f|fieldref:\n    - h\n    - g", "x", "x", true},
	} {
		set := one(t, rule("s:\n  "+c.item+"\ncondition: s"))
		if got := len(set.Match(flat{"f": c.f, "g": c.g}, nil)) == 1; got != c.want {
			t.Errorf("%s with f %#v, g %#v: %t", c.item, c.f, c.g, got)
		}
		if !strings.Contains(c.item, "neq") && len(set.Match(flat{"f": c.f}, nil)) != 0 {
			t.Errorf("%s matches without g", c.item)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	lists := fstest.MapFS{
		"lists/admin.txt": {Data: []byte("root\r\n# comment\n\n  Adm?n\t\n")},
		"lists/tool.txt":  {Data: []byte("curl\nwget\n")},
	}
	for _, c := range []struct {
		item    string
		yes, no []string
	}{
		{"f|expand: '%admin%'", []string{"ROOT", "adm?n", "Admin"}, []string{"admiin", "%admin%", "xroot"}},
		{`f|expand: '\%plain%tool%'`, []string{"%plaincurl", "%plainWget"}, []string{"%plain%tool%", `\%plaincurl`}},
		{`f|expand: '\%tool\%'`, []string{"%tool%"}, []string{"curl"}},
		{"f|expand: '%not a name%'", []string{"%not a name%"}, []string{"not a name"}},
		{"f|expand: '%tool%%tool%'", []string{"curlwget", "curlcurl"}, []string{"curl"}},
		{"f|expand|contains: '%tool%'", []string{"x wget"}, []string{"get"}},
		{"f|contains|expand: '%admin% %tool%'", []string{"x root curl y"}, []string{"root x curl"}},
		{"f|expand: '%tool%*x'", []string{"curl -x", "wgetx"}, []string{"curl"}},
		{"f|expand: '100%'", []string{"100%"}, []string{"100"}},
		{"f|expand|base64: '%tool%'", []string{"Y3VybA==", "d2dldA=="}, []string{"curl"}},
		{"f: '%tool%'", []string{"%tool%"}, []string{"curl"}},
		{"f|expand|contains|all:\n    - '%admin%'\n    - '%tool%'", []string{"root wget"}, []string{"root", "wget"}},
	} {
		fsys := files(rule("s:\n  " + c.item + "\ncondition: s"))
		for name, f := range lists {
			fsys[name] = f
		}
		set, report := Load(fsys)
		if report.Loaded != 1 {
			t.Errorf("%s: %+v", c.item, report)
			continue
		}
		for i, v := range append(append([]string{}, c.yes...), c.no...) {
			if got := len(set.Match(flat{"f": v}, nil)) == 1; got != (i < len(c.yes)) {
				t.Errorf("%s: %q %t", c.item, v, got)
			}
		}
	}
}
