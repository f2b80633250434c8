//go:build !unix

package main

import "errors"

// free gives the bytes that are left for us on the disk of a folder.
func free(string) (uint64, error) { return 0, errors.ErrUnsupported }
