package list

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/joydevie/followup/internal/contact"
)

// meaning is what a column holds; "" for one that is of no use here.
type meaning string

const (
	phone meaning = "a phone number"
	email meaning = "an email address"
	name  meaning = "a name"
	when  meaning = "a time"
)

// called has the names of columns as plain writes them, in English and Spanish.
var called = map[meaning]string{
	phone: `phone phones phoneno phonenr phonenumber phonenumbers primaryphone patientphone phone1 phone2 mobile mobileno mobilenumber
		mobilephone mobilephonenumber cell cellno cellnumber cellphone cellphonenumber handy home homephone homephonenumber work workphone tel telno telephone
		telephoneno telephonenumber contactnumber contactphone daytimephone sms smsnumber text textnumber number telefono telefono1 telefono2 telefonomovil
		telefonocelular numerotelefonico numerodetelefono numerodecelular numerodemovil movil celular numero`,
	email: `email emails emailaddress emailaddresses primaryemail patientemail email1 email2 mail mailaddress electronicmail correo
		correoelectronico direcciondecorreo direcciondecorreoelectronico`,
	name: `name names fullname patient patientname client clientname contact contactname first firstname given givenname forename last
		lastname surname family familyname middle middlename nombre nombres nombrecompleto apellido apellidos paciente`,
	when: `time date datetime when day start starttime startdate appointment appointmenttime appointmentdate appointmentdatetime appt
		appttime apptdate visit visitdate visittime fecha hora fechayhora cita fechadelacita horadelacita`,
}

// meanings is the same by name.
var meanings = func() map[string]meaning {
	all := map[string]meaning{}
	for m, names := range called {
		for n := range strings.FieldsSeq(names) {
			all[n] = m
		}
	}
	return all
}()

// plain is a column's name without case, accents, spaces and signs.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFKD.String(s))
}

// means gives the meaning of a column by its name: as it stands, or without
// what stands behind it in brackets or a colon.
func means(s string) meaning {
	if m, ok := meanings[plain(s)]; ok {
		return m
	}
	if cut := strings.IndexAny(s, "([:/"); cut > 0 {
		return meanings[plain(s[:cut])]
	}
	return ""
}

// readHeader reads the names of the columns. Its errors repeat none: where there
// is no header they are a person.
func readHeader(cells []string, line int) ([]meaning, error) {
	columns, seen, useful := make([]meaning, len(cells)), map[string]int{}, false
	for i, cell := range cells {
		p := plain(cell)
		columns[i] = means(cell)
		if first, twice := seen[p]; twice && (columns[i] == phone || columns[i] == email) {
			return nil, &Fault{line, fmt.Sprintf("columns %d and %d have the same name", first, i+1), "rename or remove one of the two"}
		}
		if p != "" {
			seen[p] = i + 1
		}
		useful = useful || columns[i] == phone || columns[i] == email
	}
	if useful {
		return columns, nil
	}
	for _, cell := range cells {
		_, noEmail := contact.ParseEmail(bare(cell))
		_, noPhone := contact.ParsePhone(bare(cell))
		if noEmail == nil || noPhone == nil {
			return nil, &Fault{line, "the columns have no names", "write a first line that names them, such as name,phone,email"}
		}
	}
	return nil, &Fault{line, "no column is called phone or email", "name the one that holds them so"}
}
