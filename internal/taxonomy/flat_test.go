package taxonomy

import (
	"errors"
	"strings"
	"testing"

	"baize/internal/sigma"
)

// one is the first record of a line.
func one(line []byte) (sigma.Record, error) {
	records, err := Parse(line)
	if err != nil {
		return nil, err
	}
	return records[0], nil
}

func TestParseTellsEventsFromFlatObjects(t *testing.T) {
	rec, err := one([]byte(`{"time":"2026-01-02T03:04:05Z","kind":"process.exec","process":{"executable":"/x"}}`))
	if err != nil || rec.Logsource().Category != "process_creation" {
		t.Errorf("event: %v, %v", rec, err)
	}
	rec, err = one([]byte(`{"logsource":{"product":"Windows","category":"dns_query"},"QueryName":"x"}`))
	if err != nil || rec.Logsource() != (sigma.Logsource{Product: "windows", Category: "dns_query"}) {
		t.Errorf("flat: %v, %v", rec, err)
	}
	if _, err := one([]byte(`{"a":1}`)); !errors.Is(err, ErrLine) {
		t.Errorf("neither: %v", err)
	}
	for _, bad := range []string{"", "[]", "{", `{"kind":5}`, `{"logsource":1}`, `{"logsource":{}} {}`, `null`} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestFlatFields(t *testing.T) {
	rec, err := one([]byte(`{"logsource":{"product":"linux"},
		"Image":"/bin/sh","n":5,"f":1.5,"big":18446744073709551616,"b":true,"z":null,"list":["x",2],
		"Context":{"Kind":"cron"},"a.b":{"c.d":"deep"},"procs":[{"name":"p"},{"name":"q"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Image": "/bin/sh", "n": "5", "f": "1.5", "big": "1.8446744073709552e+19", "b": "true", "z": "", "list": "x 2",
		"Context.Kind": "cron", "a.b.c.d": "deep", "procs.name": "p q",
	} {
		if got, ok := texts(rec, name); !ok || got != want {
			t.Errorf("%s = %q, %t; want %q", name, got, ok, want)
		}
	}
	for _, absent := range []string{"Context", "image", "logsource", "logsource.product", "procs.other"} {
		if got, ok := texts(rec, absent); ok {
			t.Errorf("%s = %q, want nothing", absent, got)
		}
	}
}

func texts(rec sigma.Record, name string) (string, bool) {
	var out sigma.Values
	rec.Field(-1, name, &out)
	var list []string
	for i := range out.Len() {
		list = append(list, out.At(i).Text())
	}
	return strings.Join(list, " "), out.Len() > 0
}

func TestFlatKeywords(t *testing.T) {
	rec, err := one([]byte(`{"logsource":{},"b":{"x":["two"]},"a":"one","n":3}`))
	if err != nil {
		t.Fatal(err)
	}
	var out sigma.Values
	rec.Strings(&out)
	if out.Len() != 2 || out.At(0).Text() != "one" || out.At(1).Text() != "two" {
		t.Errorf("strings = %v", out)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"logsource":{"product":"linux"},"a":{"b":[1,null,"x"]}}`))
	f.Add([]byte(`{"time":"2026-01-02T03:04:05Z","kind":"process.exec","process":{"key":"h/b/1/2"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		records, err := Parse(line)
		if (len(records) == 0) == (err == nil) {
			t.Fatalf("records %v, error %v", records, err)
		}
		for _, rec := range records {
			var out sigma.Values
			rec.Strings(&out)
			rec.Field(-1, "a.b", &out)
		}
	})
}
