package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/seal"
)

func keys(t testing.TB, text string) *seal.Keys {
	t.Helper()
	k, err := seal.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestARotatedKeySetOpensWhatTheOldOneSealed(t *testing.T) {
	t.Parallel()
	first := seal.New()
	second, err := seal.Rotate(first)
	if err != nil {
		t.Fatal(err)
	}
	old, rotated := keys(t, first), keys(t, second)
	got, err := rotated.Open(old.Seal([]byte("ann"), "here"), "here")
	if err != nil || string(got) != "ann" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := old.Open(rotated.Seal([]byte("ann"), "here"), "here"); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("the old key set opened a record of the new one: %v", err)
	}
	if old.Hash("email", "a") != rotated.Hash("email", "a") {
		t.Error("look-ups changed with the rotation")
	}
	if _, err := rotated.Verify("unsubscribe", old.Sign("unsubscribe", "id")); err != nil {
		t.Errorf("a link died with the rotation: %v", err)
	}
}

func TestASealedRecordOpensOnlyWholeAndInItsPlace(t *testing.T) {
	t.Parallel()
	k := keys(t, seal.New())
	sealed := k.Seal([]byte("canary"), "here")
	if bytes.Contains(sealed, []byte("canary")) {
		t.Fatal("the text is readable")
	}
	if _, err := k.Open(sealed, "there"); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("opened in another place: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := k.Open(bad, "here"); !errors.Is(err, seal.ErrSealed) {
			t.Fatalf("byte %d altered and still opened: %v", i, err)
		}
		if _, err := k.Open(sealed[:i], "here"); !errors.Is(err, seal.ErrSealed) {
			t.Fatalf("cut to %d bytes and still opened: %v", i, err)
		}
	}
	if _, err := keys(t, seal.New()).Open(sealed, "here"); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another key set opened it: %v", err)
	}
}

func TestATokenCannotBeAlteredOrUsedForAnotherPurpose(t *testing.T) {
	t.Parallel()
	k := keys(t, seal.New())
	token := k.Sign("note", "abc", "1", "read")
	fields, err := k.Verify("note", token)
	if err != nil || strings.Join(fields, " ") != "abc 1 read" {
		t.Fatalf("got %v, %v", fields, err)
	}
	for _, bad := range []string{
		"", ".", "abc", strings.Replace(token, "read", "stop", 1), token + "A", token[:len(token)-1],
		strings.Replace(token, "abc.1", "abc1.", 1), strings.Repeat("a", 5000),
	} {
		if _, err := k.Verify("note", bad); !errors.Is(err, seal.ErrToken) {
			t.Errorf("%q was taken: %v", bad, err)
		}
	}
	if _, err := k.Verify("unsubscribe", token); !errors.Is(err, seal.ErrToken) {
		t.Errorf("taken for another purpose: %v", err)
	}
}

func TestABadKeySetIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	good := seal.New()
	for _, bad := range []string{
		"", "x", good[:len(good)-3], strings.Replace(good, "followup1", "followup9", 1), strings.Replace(good, ".1:", ".0:", 1),
		strings.Replace(good, ".1:", ".:", 1), good + ",1:" + strings.Repeat("A", 43), good + ",2:short",
	} {
		_, err := seal.Parse(bad)
		if err == nil {
			t.Errorf("%q was taken", bad)
			continue
		}
		for _, part := range strings.FieldsFunc(bad, func(r rune) bool { return r == '.' || r == ':' || r == ',' }) {
			if len(part) > 20 && strings.Contains(err.Error(), part) {
				t.Errorf("the error shows a key: %v", err)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	k := keys(f, seal.New())
	f.Add("abc.1.read.xxxx")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := k.Verify("note", token); err == nil {
			t.Fatalf("%q was taken", token)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	k := keys(b, seal.New())
	plain := bytes.Repeat([]byte("x"), 600)
	b.ReportAllocs()
	for b.Loop() {
		k.Seal(plain, "contact x s/1")
	}
}

func BenchmarkHash(b *testing.B) {
	k := keys(b, seal.New())
	b.ReportAllocs()
	for b.Loop() {
		k.Hash("email", "ann@example.com")
	}
}
