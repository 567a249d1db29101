package bulk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func open(t *testing.T, quota int64) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "blobs"), Quota{Host: quota}, func() time.Time { return time.Unix(1_700_000_000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func header(content []byte) Header {
	sum := sha256.Sum256(content)
	return Header{SHA256: sum[:], Size: int64(len(content)), Kind: "evidence", Name: "a file"}
}

func begin(t *testing.T, s *Store, host string, h Header) *Upload {
	t.Helper()
	u, err := s.Begin(host, h)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnInterruptedUploadGoesOn(t *testing.T) {
	s := open(t, 1<<20)
	content := bytes.Repeat([]byte("evidence "), 1000)
	u := begin(t, s, "h1", header(content))
	must(t, u.Write(0, content[:3000]))
	must(t, u.Close())
	if blobs, err := s.Blobs("h1"); err != nil || blobs != nil {
		t.Fatalf("half a blob is listed: %v, %v", blobs, err)
	}
	// The server starts again too.
	s, err := Open(s.dir, s.quota, s.now)
	must(t, err)
	u = begin(t, s, "h1", header(content))
	if u.Offset() != 3000 || u.Done() {
		t.Fatalf("goes on from %d", u.Offset())
	}
	must(t, u.Write(3000, content[3000:]))
	if !u.Done() {
		t.Fatal("not done")
	}
	must(t, u.Finish())
	must(t, u.Close())
	checkBlob(t, s, content)
	again := begin(t, s, "h1", header(content))
	if !again.Done() || again.Finish() != nil {
		t.Fatal("a blob that is there is asked for again")
	}
	must(t, again.Close())
}

func checkBlob(t *testing.T, s *Store, content []byte) {
	t.Helper()
	blobs, err := s.Blobs("h1")
	must(t, err)
	if len(blobs) != 1 || blobs[0].Kind != "evidence" || blobs[0].Size != int64(len(content)) {
		t.Fatalf("%+v", blobs)
	}
	file, err := s.Open("h1", blobs[0].Digest)
	must(t, err)
	defer file.Close()
	if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if info, err := file.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
}

func TestContentMustMatch(t *testing.T) {
	s := open(t, 1<<20)
	u := begin(t, s, "h1", header([]byte("good")))
	must(t, u.Write(0, []byte("evil")))
	if err := u.Finish(); !errors.Is(err, ErrDigest) {
		t.Fatal(err)
	}
	must(t, u.Close())
	u = begin(t, s, "h1", header([]byte("good")))
	if u.Offset() != 0 {
		t.Fatalf("what did not match is still there: %d", u.Offset())
	}
	must(t, u.Close())
}

func TestPiecesMustFollow(t *testing.T) {
	s := open(t, 1<<20)
	u := begin(t, s, "h1", header([]byte("0123456789")))
	defer u.Close()
	must(t, u.Write(0, []byte("0123")))
	for offset, data := range map[int64]string{0: "0123", 5: "5", 4: "4567890", -1: "x"} {
		if err := u.Write(offset, []byte(data)); !errors.Is(err, ErrOffset) {
			t.Errorf("%q from %d: %v", data, offset, err)
		}
	}
	must(t, u.Write(4, []byte("456789")))
	must(t, u.Finish())
}

func TestQuotaIsPerHostAndCountsPromises(t *testing.T) {
	s := open(t, 1000)
	first := begin(t, s, "h1", header(bytes.Repeat([]byte("a"), 600)))
	second := header(bytes.Repeat([]byte("b"), 600))
	if _, err := s.Begin("h1", second); !errors.Is(err, ErrQuota) {
		t.Fatalf("two promises: %v", err)
	}
	must(t, begin(t, s, "h2", second).Close())
	must(t, first.Write(0, bytes.Repeat([]byte("a"), 600)))
	must(t, first.Finish())
	must(t, first.Close())
	if _, err := s.Begin("h1", second); !errors.Is(err, ErrQuota) {
		t.Fatalf("beside what is there: %v", err)
	}
	huge := second
	huge.Size = 1 << 62
	if _, err := s.Begin("h3", huge); !errors.Is(err, ErrQuota) {
		t.Fatalf("huge: %v", err)
	}
}

func TestOneUploadOfABlobAtATime(t *testing.T) {
	s := open(t, 1000)
	u := begin(t, s, "h1", header([]byte("x")))
	if _, err := s.Begin("h1", header([]byte("x"))); !errors.Is(err, ErrBusy) {
		t.Fatal(err)
	}
	must(t, u.Close())
	must(t, begin(t, s, "h1", header([]byte("x"))).Close())
}

func TestHeadersAreChecked(t *testing.T) {
	s := open(t, 1000)
	good := header([]byte("x"))
	for name, change := range map[string]func(*Header){
		"short digest": func(h *Header) { h.SHA256 = h.SHA256[:31] },
		"no digest":    func(h *Header) { h.SHA256 = nil },
		"negative":     func(h *Header) { h.Size = -1 },
		"long name":    func(h *Header) { h.Name = string(make([]byte, 256)) },
		"long kind":    func(h *Header) { h.Kind = string(make([]byte, 256)) },
	} {
		h := good
		change(&h)
		if _, err := s.Begin("h1", h); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, host := range []string{"", "..", "a/b"} {
		if _, err := s.Begin(host, good); !errors.Is(err, ErrHeader) {
			t.Errorf("host %q: %v", host, err)
		}
		if _, err := s.Blobs(host); !errors.Is(err, ErrHeader) {
			t.Errorf("blobs of %q: %v", host, err)
		}
		if _, err := s.Open(host, hex.EncodeToString(good.SHA256)); !errors.Is(err, ErrHeader) {
			t.Errorf("open of %q: %v", host, err)
		}
	}
	if _, err := s.Open("h1", "../authority"); !errors.Is(err, ErrHeader) {
		t.Errorf("open: %v", err)
	}
	if _, err := s.Open("h1", hex.EncodeToString(good.SHA256)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open of nothing: %v", err)
	}
}

func TestALongerPartIsStartedAgain(t *testing.T) {
	s := open(t, 1000)
	h := header([]byte("short"))
	must(t, os.MkdirAll(filepath.Join(s.dir, "h1"), 0o700))
	must(t, os.WriteFile(filepath.Join(s.dir, "h1", hex.EncodeToString(h.SHA256)+".part"), make([]byte, 100), 0o600))
	u := begin(t, s, "h1", h)
	defer u.Close()
	if u.Offset() != 0 {
		t.Fatalf("goes on from %d", u.Offset())
	}
	must(t, u.Write(0, []byte("short")))
	must(t, u.Finish())
}

func TestEmptyBlob(t *testing.T) {
	s := open(t, 1000)
	u := begin(t, s, "h1", header(nil))
	if !u.Done() {
		t.Fatal("waits for nothing")
	}
	must(t, u.Finish())
	must(t, u.Close())
	if blobs, err := s.Blobs("h1"); err != nil || len(blobs) != 1 {
		t.Fatalf("%v, %v", blobs, err)
	}
}

func TestUploadsThatBringNothingLeaveNothing(t *testing.T) {
	s := open(t, 1000)
	for i := range 3 {
		must(t, begin(t, s, "h1", header([]byte{byte(i)})).Close())
	}
	if files, err := os.ReadDir(filepath.Join(s.dir, "h1")); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestFilesOfAHostAreBounded(t *testing.T) {
	s := open(t, 1<<20)
	must(t, os.MkdirAll(filepath.Join(s.dir, "h1"), 0o700))
	for i := range maxFiles {
		must(t, os.WriteFile(filepath.Join(s.dir, "h1", strconv.Itoa(i)+".part"), nil, 0o600))
	}
	if _, err := s.Begin("h1", header([]byte("x"))); !errors.Is(err, ErrQuota) {
		t.Errorf("one more: %v", err)
	}
	must(t, begin(t, s, "h2", header([]byte("x"))).Close())
}

func TestTheQuotaOfAllHosts(t *testing.T) {
	s := open(t, 1000)
	s.quota.All = 1500
	leave := func(host string, content []byte) error {
		u, err := s.Begin(host, header(content))
		if err != nil {
			return err
		}
		must(t, u.Write(0, content))
		must(t, u.Finish())
		return u.Close()
	}
	first := bytes.Repeat([]byte("1"), 900) // descriptions count as well
	must(t, leave("h1", first))
	if err := leave("h2", bytes.Repeat([]byte("2"), 600)); !errors.Is(err, ErrQuota) {
		t.Errorf("over the quota of all: %v", err)
	}
	must(t, s.Remove("h1", hex.EncodeToString(header(first).SHA256)))
	if _, err := s.Open("h1", hex.EncodeToString(header(first).SHA256)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed, and there: %v", err)
	}
	must(t, leave("h2", bytes.Repeat([]byte("2"), 600)))
	if err := s.Remove("h1", hex.EncodeToString(header(first).SHA256)); err == nil {
		t.Error("removed twice")
	}
}
