package templates

import (
	"testing"
)

func TestAPlaceThatOnlySoundsTellingPasses(t *testing.T) {
	t.Parallel()
	set, err := LoadFolder("")
	if err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{
		"":                                     "",
		"12 Painter Street":                    "",
		"4 Painters Mill Rd, Owings Mills":     "",
		"Painter’s Row 3":                      "",
		"Painted Post, NY":                     "",
		"Paintsville, KY":                      "",
		"Painesville, Ohio":                    "",
		"100 Thomas Paine Avenue":              "",
		"Paincourtville, LA":                   "",
		"Ketchikan, AK":                        "",
		"Treatman Building, 2nd floor":         "",
		"Treatment Plant Road 7":               "",
		"400 Dolores Street, San Francisco":    "",
		"Dolores, CO 81323":                    "",
		"Calle Dolores del Río 3":              "",
		"115 E Dolorosa, San Antonio":          "",
		"Medicine Bow Ave 9, Medicine Lake":    "",
		"above the drug store":                 "",
		"Mentor, OH":                           "",
		"Champaign, 20 Spain Street":           "",
		"Pain Clinic":                          "pain",
		"The Pain Center on Painter Street":    "pain",
		"Painter St Pain Management":           "pain",
		"PainCare, 3rd floor":                  "pain",
		"PainTherapy Partners":                 "pain",
		"Paintreatment Center":                 "pain",
		"painful":                              "pain",
		"Clínica del Dolor":                    "dolor",
		"Unidad de Dolores Crónicos":           "dolor",
		"Ketamine House, Ketchikan":            "ketamin",
		"Treatment Center, Treatment Plant Rd": "treatment",
		"Internal Medicine, Medicine Lake":     "medicine",
		"Psychiatry Annex":                     "psych",
		"Mental Health Building":               "mental",
		"Infusión, planta 2":                   "infusi",
	} {
		if got := set.Telling(place); got != want {
			t.Errorf("%q: %q, want %q", place, got, want)
		}
	}
}
