package seal

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrSealed is returned for what cannot be opened: altered, cut, moved to
// another place, or sealed with a key that the key set no longer holds.
var ErrSealed = errors.New("sealed record cannot be opened with this key set")

// Seal encrypts plain with XChaCha20-Poly1305 under the newest key. about
// names the place of the record ("contact abc s/1"); it is authenticated, not
// stored, so a record that was moved to another place does not open. The
// result is 41 bytes longer than plain: key id, nonce, tag.
func (k *Keys) Seal(plain []byte, about string) []byte {
	key := k.sealing[0]
	out := make([]byte, 1+chacha20poly1305.NonceSizeX, 1+chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	out[0] = key.id
	nonce := out[1:]
	_, _ = rand.Read(nonce)
	return key.aead.Seal(out, nonce, plain, []byte(about))
}

// Open reverses Seal. It returns ErrSealed and nothing else.
func (k *Keys) Open(sealed []byte, about string) ([]byte, error) {
	if len(sealed) < 1+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return nil, ErrSealed
	}
	for _, key := range k.sealing {
		if key.id != sealed[0] {
			continue
		}
		nonce := sealed[1 : 1+chacha20poly1305.NonceSizeX]
		plain, err := key.aead.Open(nil, nonce, sealed[1+chacha20poly1305.NonceSizeX:], []byte(about))
		if err != nil {
			return nil, ErrSealed
		}
		return plain, nil
	}
	return nil, ErrSealed
}

// Hash gives the keyed hash of value for look-ups: 128 bits of HMAC-SHA256 as
// 26 characters of lower-case base32. kind ("email", "phone") keeps equal
// values of different meaning apart. Without the key nobody can test a guess.
func (k *Keys) Hash(kind, value string) string {
	return base32Lower.EncodeToString(k.mac("hash", kind, value)[:16])
}

// Short gives four characters for people to say aloud, without those that look
// alike, made from the keyed hash of value: with letters and digits enough for
// 810,000, they name and do not identify.
func (k *Keys) Short(kind, value string) string {
	hash := k.Hash(kind, value)
	var b strings.Builder
	for i := range 4 {
		b.WriteByte(ShortLetters[(int(hash[2*i])*31+int(hash[2*i+1]))%len(ShortLetters)])
	}
	return b.String()
}

// ShortLetters are the characters that Short is made of.
const ShortLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// ErrToken is returned for a token that we did not sign for that purpose.
var ErrToken = errors.New("link token is incomplete or not ours")

// Sign makes a token for a URL that carries fields and can be neither guessed
// nor altered: the fields in the clear, a 128-bit keyed hash behind them. Put
// opaque ids in it only; fields must not hold a ".". It does not expire.
func (k *Keys) Sign(purpose string, fields ...string) string {
	clear := strings.Join(fields, ".")
	return clear + "." + base64.RawURLEncoding.EncodeToString(k.mac("token", purpose, clear)[:16])
}

// Verify gives back the fields of a token that Sign made for that purpose,
// or ErrToken. It takes the same time whatever is wrong with the signature.
func (k *Keys) Verify(purpose, token string) ([]string, error) {
	cut := strings.LastIndexByte(token, '.')
	if cut < 0 || len(token) > 512 {
		return nil, ErrToken
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(token[cut+1:])
	if err != nil || !hmac.Equal(given, k.mac("token", purpose, token[:cut])[:16]) {
		return nil, ErrToken
	}
	return strings.Split(token[:cut], "."), nil
}
