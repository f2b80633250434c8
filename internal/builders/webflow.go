package builders

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// Webflow signs the time in milliseconds, a colon, and the body with
// HMAC-SHA256 (https://developers.webflow.com/data/docs/working-with-webhooks,
// "Validating request signatures"), where the webhook was made by an app.
const (
	webflowSignature = "X-Webflow-Signature"
	webflowTimestamp = "X-Webflow-Timestamp"
	webflowAge       = 5 * time.Minute
)

// signedByWebflow reports whether the signature is Webflow's and fresh.
func (h *handler) signedByWebflow(r *http.Request, raw []byte) bool {
	stamp := r.Header.Get(webflowTimestamp)
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || h.Now().Sub(time.UnixMilli(ms)).Abs() > webflowAge {
		return false
	}
	given, err := hex.DecodeString(r.Header.Get(webflowSignature))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(h.WebflowSecret))
	mac.Write([]byte(stamp + ":"))
	mac.Write(raw)
	return hmac.Equal(given, mac.Sum(nil))
}
