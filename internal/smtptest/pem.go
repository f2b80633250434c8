package smtptest

import "encoding/pem"

// PEM is the server's certificate as a file would hold it, for a process that
// is told whom to trust by SSL_CERT_FILE.
func (s *Server) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.tls.Certificates[0].Certificate[0]})
}
