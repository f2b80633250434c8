package web

import (
	"log"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// HTTPServer wraps a handler with limits on everything a client could draw
// out: header, body, answer, silence. What net/http complains about is logged
// without the address of whom it complains about.
func HTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(complaints{logger}, "", 0),
	}
}

// complaints turns net/http's own lines into log records. They are free text
// that names peers ("TLS handshake error from 192.0.2.1:5: …"), so only the
// beginnings known here are kept.
type complaints struct{ log *slog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	err := "other"
	for _, known := range []string{"TLS handshake error", "Accept error", "superfluous response.WriteHeader", "response.WriteHeader on hijacked", "panic serving", "URL query contains semicolon"} {
		if strings.Contains(string(line), known) {
			err = known
			break
		}
	}
	c.log.Warn("http server", "err", err)
	return len(line), nil
}
