package contact

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// newAreas are area codes of the United States that the North American
// Numbering Plan Administration has put into service and that the number
// library does not know yet: whoever got a number there has one like any other.
// All of them lie over an older area, so a number may be a mobile's.
const newAreas = "274 357 436 457 471 472 483 621 624 679 729 837 861 924 983"

// inNewArea reports whether a number has such an area code and the shape that
// numbers of the plan have (ATIS-0300119: NXX-NXX-XXXX, no N11).
func inNewArea(n *phonenumbers.PhoneNumber) bool {
	digits := strconv.FormatUint(n.GetNationalNumber(), 10)
	return n.GetCountryCode() == 1 && len(digits) == 10 && strings.Contains(newAreas, digits[:3]) &&
		digits[3] >= '2' && digits[4:6] != "11"
}
