// Package seal keeps people out of everything that rests: authenticated
// encryption under a key set that can rotate, keyed hashes for look-ups, and
// signed tokens for links. It imports nothing of ours.
package seal

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// Keys is a key set: one key for keyed hashes, which never changes, and the
// keys that seal, newest first. The newest seals; every one of them opens.
// Safe for use by many goroutines.
type Keys struct {
	hashKey []byte
	sealing []sealingKey
	macs    sync.Pool // of hash.Hash keyed by hashKey
}

type sealingKey struct {
	id   byte
	aead cipher.AEAD
}

const (
	prefix  = "followup1" // names the format of a key set
	keySize = chacha20poly1305.KeySize
)

var b64 = base64.RawURLEncoding

// New makes a key set as text: "followup1.HASHKEY.ID:KEY[,ID:KEY…]", keys of
// 32 random bytes in URL-safe base64, ids from 1 to 255. Whoever holds the text
// can read everything that was sealed with it; whoever loses it can read none.
func New() string {
	return strings.Join([]string{prefix, randomKey(), "1:" + randomKey()}, ".")
}

// Rotate gives the text of the same key set with a fresh key in front: new
// records are sealed with it and old ones still open. The hash key stays, so
// look-ups and links go on working.
func Rotate(text string) (string, error) {
	k, err := Parse(text)
	if err != nil {
		return "", err
	}
	next := int(k.sealing[0].id) + 1
	if next > 255 {
		return "", errors.New("key set: 255 keys were used; make a new set")
	}
	head, list := text[:strings.LastIndexByte(text, '.')], text[strings.LastIndexByte(text, '.')+1:]
	return fmt.Sprintf("%s.%d:%s,%s", head, next, randomKey(), list), nil
}

// Parse reads the text that New and Rotate write. Its errors hold no key.
func Parse(text string) (*Keys, error) {
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) != 3 || parts[0] != prefix {
		return nil, errors.New("key set: not in the form that `followup keys new` prints")
	}
	hashKey, err := decodeKey(parts[1])
	if err != nil {
		return nil, fmt.Errorf("key set: hash key: %w", err)
	}
	k := &Keys{hashKey: hashKey}
	k.macs.New = func() any { return hmac.New(sha256.New, hashKey) }
	seen := map[byte]bool{}
	for i, part := range strings.Split(parts[2], ",") {
		number, encoded, ok := strings.Cut(part, ":")
		n, err := strconv.ParseUint(number, 10, 8)
		id := byte(n)
		if err != nil || !ok || id == 0 || seen[id] {
			return nil, fmt.Errorf("key set: sealing key %d: its id is missing, taken or not from 1 to 255", i+1)
		}
		seen[id] = true
		raw, err := decodeKey(encoded)
		if err != nil {
			return nil, fmt.Errorf("key set: sealing key %d: %w", i+1, err)
		}
		aead, err := chacha20poly1305.NewX(raw)
		if err != nil {
			return nil, fmt.Errorf("key set: sealing key %d: %w", i+1, err)
		}
		k.sealing = append(k.sealing, sealingKey{id: id, aead: aead})
	}
	return k, nil
}

func randomKey() string {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails since Go 1.24
	return b64.EncodeToString(raw)
}

func decodeKey(s string) ([]byte, error) {
	raw, err := b64.DecodeString(s)
	if err != nil || len(raw) != keySize {
		return nil, errors.New("not 32 bytes in URL-safe base64")
	}
	return raw, nil
}

// NewID gives 80 random bits as 16 characters of lower-case base32: the opaque
// name of a person or a submission. It is unique, not secret.
func NewID() string {
	var raw [10]byte
	_, _ = rand.Read(raw[:])
	return base32Lower.EncodeToString(raw[:])
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// mac computes HMAC-SHA256 of the parts under the hash key. Each part is
// preceded by its length, so that no two lists of parts give the same input.
func (k *Keys) mac(parts ...string) []byte {
	h := k.macs.Get().(hash.Hash)
	defer k.macs.Put(h)
	h.Reset()
	var length [4]byte
	for _, p := range parts {
		length[0], length[1], length[2], length[3] = byte(len(p)>>24), byte(len(p)>>16), byte(len(p)>>8), byte(len(p))
		h.Write(length[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
