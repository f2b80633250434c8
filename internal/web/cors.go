package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// sites are the pages of other sites that may post the form, by their origin
// ("https://www.joydevie.example"). Their visitors' browsers are told so by the
// CORS protocol (https://fetch.spec.whatwg.org/#http-cors-protocol): POST alone,
// and never with cookies, which the form does not have.
type sites struct {
	origins []string
	guard   *http.CrossOriginProtection
}

func newSites(origins []string) (sites, error) {
	s := sites{origins, http.NewCrossOriginProtection()}
	for _, o := range origins {
		if err := s.guard.AddTrustedOrigin(o); err != nil {
			return sites{}, fmt.Errorf("web: %q is no origin: %w", o, err)
		}
	}
	return s, nil
}

// errElsewhere: a browser posts from a page of nobody that we know.
var errElsewhere = errors.New("web: the page that posts is not one of ours")

// across lets the pages of our sites post, and no other's. What is no browser
// says nothing of its origin and is let through: the limits look after it.
func (s *server) across(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, origin := w.Header(), r.Header.Get("Origin")
		h.Add("Vary", "Origin")
		known := origin != "" && slices.Contains(s.sites.origins, origin)
		if known {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "Retry-After")
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
			if !known {
				s.elsewhere(w, r)
				return
			}
			h.Set("Access-Control-Allow-Methods", http.MethodPost)
			h.Set("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key")
			h.Set("Access-Control-Max-Age", "7200") // as long as Chromium keeps it
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if r.Method == http.MethodPost && s.sites.guard.Check(r) != nil {
			s.elsewhere(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// elsewhere refuses, and says in the log what a developer has to change. An
// origin is the name of a site and not of a person, yet a stranger writes it:
// only the log's own words stand there.
func (s *server) elsewhere(w http.ResponseWriter, r *http.Request) {
	s.Log.WarnContext(r.Context(), "post from another site refused: name it in origins of the clinic's file", "id", w.Header().Get("X-Request-Id"), "err", errElsewhere)
	s.trouble(w, r, http.StatusForbidden, "elsewhere")
}
