package web

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// traced begins a trace with each request. It has the route and not the path,
// and nothing about who asked; a trace that a client names is not gone on with.
func (s *server) traced(next http.Handler) http.Handler {
	if s.Tracer == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := s.Tracer.Start(r.Context(), "request", trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r, seen := r.WithContext(ctx), &recorder{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		span.SetName(method(r) + " " + route(r))
		span.SetAttributes(attribute.String("http.request.method", method(r)), attribute.String("http.route", route(r)),
			attribute.Int("http.response.status_code", seen.status))
		if seen.status >= 500 {
			span.SetStatus(codes.Error, "")
		}
	})
}
