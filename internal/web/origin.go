package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// origin is the address that a request came from. X-Forwarded-For is read from
// the right, one hop for each proxy that is trusted: what stands further left
// was written by whoever asked.
func origin(r *http.Request, trusted []netip.Prefix) netip.Addr {
	addr := address(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			break
		}
		before := address(strings.TrimSpace(hop))
		if !before.IsValid() {
			break
		}
		addr = before
	}
	return addr
}

// address reads "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or
// "[2001:db8::1]:80"; the zero Addr is none of them.
func address(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
