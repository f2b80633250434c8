package intake

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What a file of the spool is, by the end of its name.
const (
	waitingSuffix = ".task"       // a submission that waits
	optOutSuffix  = ".optout"     // an opt-out that waits: it goes first
	partSuffix    = ".part"       // one that is being written, or whose writer died
	asideSuffix   = ".unreadable" // one that could not be read
	lockName      = "lock"
)

// partAge is how long a writer may take before its unfinished file is litter.
const partAge = time.Minute

// makeFolder makes the folder, for us alone, and its name durable.
func makeFolder(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(filepath.Clean(folder)))
}

// write makes a file that is there whole or not at all, whatever stops: what
// was renamed is on disk before its name is, and the name before this returns.
func write(folder, name string, content []byte) (err error) {
	path := filepath.Join(folder, name)
	part := path + partSuffix
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part) // what is left is swept later
			err = fmt.Errorf("spool: %w", err)
		}
	}()
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err = os.Rename(part, path); err != nil {
		return err
	}
	if err = syncFolder(folder); err != nil {
		_ = os.Remove(path) // the writer is told that it was not taken
	}
	return err
}

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// remove takes a file away that may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// readmit lets what an earlier process could not read wait again: its key may
// be back.
func readmit(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), asideSuffix); ok {
			if err := os.Rename(filepath.Join(folder, e.Name()), filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// tidy removes what writers that died have left unfinished.
func tidy(folder string, entries []os.DirEntry) {
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), partSuffix) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > partAge {
			_ = os.Remove(filepath.Join(folder, e.Name())) // litter: the next look tries again
		}
	}
}
