package config

import (
	"maps"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// setting is one field of Config with what its tags say.
type setting struct {
	name, group, doc   string
	otherwise, working string // the default, and that of the command "work"
	example            string
	required           bool
	value              reflect.Value
}

const fileSuffix = "_FILE"

var secretType = reflect.TypeFor[Secret]()

// settings lists the settings of c in the order of the manual.
func (c *Config) settings() []setting { return collect(reflect.ValueOf(c).Elem(), nil) }

func collect(v reflect.Value, all []setting) []setting {
	for field, value := range v.Fields() {
		name := field.Tag.Get("env")
		switch {
		case name != "":
			tag := field.Tag.Get
			all = append(all, setting{
				name: name, group: tag("group"), doc: tag("doc"), otherwise: tag("default"), working: tag("work"),
				example: tag("example"), required: tag("required") == "true", value: value,
			})
		case field.Type == reflect.TypeFor[Twilio]():
			all = collect(value, all)
		}
	}
	return all
}

func (s setting) secret() bool { return s.value.Type() == secretType }

// cure says how to set what is missing.
func (s setting) cure() string {
	switch {
	case s.name == "FOLLOWUP_KEYSET":
		return "make one with `followup keys new`, keep it in a file and name that in FOLLOWUP_KEYSET_FILE"
	case s.secret():
		return "set it, or name its file in " + s.name + fileSuffix + ", for example " + s.example
	default:
		return "set it, for example " + s.example
	}
}

// read gives the text of the setting: what the environment holds, what the file
// holds, the default. It is "" where there is none.
func (s setting) read(env map[string]string, command string, from map[string]string, faults *Faults) string {
	text, path := env[s.name], ""
	if s.secret() {
		path = env[s.name+fileSuffix]
	}
	switch {
	case text != "" && path != "":
		faults.add(s.name, "set both itself and as "+s.name+fileSuffix, "keep one of them")
		return ""
	case path != "":
		from[s.name] = "file " + path
		return s.readFile(path, faults)
	case text != "":
		from[s.name] = "environment"
		return text
	case s.working != "" && command == Work:
		return s.working
	default:
		return s.otherwise
	}
}

// readFile reads a secret. It drops one newline at the end, which editors and
// echo leave there.
func (s setting) readFile(path string, faults *Faults) string {
	name := s.name + fileSuffix
	content, err := os.ReadFile(path)
	if err != nil {
		faults.add(name, reason(err), "name a file that the service may read")
		return ""
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if text == "" {
		faults.add(name, quote(path)+" is empty", "write the secret into it")
	}
	return text
}

// set reads the text into the field. It only looks at the form; what a value
// means is checked once all are read.
func (s setting) set(text string) (problem, cure string) {
	switch field := s.value.Addr().Interface().(type) {
	case *string:
		*field = text
	case *Secret:
		*field = Secret(text)
	case *bool:
		on, err := strconv.ParseBool(text)
		if err != nil {
			return quote(text) + " is neither yes nor no", "write 1 or 0"
		}
		*field = on
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return quote(text) + " is no whole number", "write a number, such as 1"
		}
		*field = n
	case *[]netip.Prefix:
		prefixes, bad := parsePrefixes(text)
		if bad != "" {
			return quote(bad) + " is no address and no CIDR", "write for example 10.0.0.0/8,127.0.0.1"
		}
		*field = prefixes
	}
	return "", ""
}

// text is the value as the environment would have it, for secrets too.
func (s setting) text() string {
	switch field := s.value.Interface().(type) {
	case Secret:
		return field.Reveal()
	case bool:
		if field {
			return "1"
		}
		return "0"
	case int:
		return strconv.Itoa(field)
	case []netip.Prefix:
		texts := make([]string, len(field))
		for i, p := range field {
			texts[i] = p.String()
		}
		return strings.Join(texts, ",")
	default:
		return s.value.String()
	}
}

// parsePrefixes reads CIDRs and bare addresses; bad is the first that is
// neither.
func parsePrefixes(text string) (prefixes []netip.Prefix, bad string) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		prefix, err := netip.ParsePrefix(part)
		if addr, err2 := netip.ParseAddr(part); err2 == nil {
			addr = addr.Unmap().WithZone("")
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case part == "":
			continue // a comma at the end
		case err != nil:
			return nil, part
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, ""
}

// serviceLink is what Kubernetes sets for a service in the same namespace whose
// name begins with "followup" (kubernetes.io: Service, environment variables).
var serviceLink = regexp.MustCompile(`^FOLLOWUP(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// unknown finds what begins with our name and is no setting: a typing error
// would otherwise leave a default in force.
func unknown(env map[string]string, settings []setting, faults *Faults) {
	var known []string
	plain := map[string]bool{} // settings that are no secrets
	for _, s := range settings {
		known = append(known, s.name)
		if s.secret() {
			known = append(known, s.name+fileSuffix)
		} else {
			plain[s.name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if slices.Contains(known, name) {
			continue
		}
		base, isFile := strings.CutSuffix(name, fileSuffix)
		switch {
		case isFile && plain[base]:
			faults.add(name, "unknown setting", base+" is no secret; set it itself")
		case !strings.HasPrefix(name, "FOLLOWUP_") || serviceLink.MatchString(name):
		default:
			faults.add(printable(name), "unknown setting", meant(name, known, "remove it, or see deploy/env.example for what there is"))
		}
	}
}
