//go:build unix

package intake

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock on an open file unless another process has it; the
// kernel lets it go when the file closes.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
