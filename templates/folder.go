package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// LoadFolder does as LoadOver with a folder of this machine; "" has nothing.
// Faults name its files by their paths. A file that stands where none is read
// is a fault too: it would change nothing, in silence. Dot files, a README and
// what ends in ~ may stand anywhere.
func LoadFolder(dir string) (*Set, error) {
	if dir == "" {
		return Load()
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, Faults{{dir, 1, ruleFolder, "no folder that can be read", "name a folder with messages/ or layout/ in it"}}
	}
	over := os.DirFS(dir)
	named := func(file string) string {
		if _, err := fs.Stat(over, file); err != nil && builtIn(file) {
			return file
		}
		return filepath.Join(dir, filepath.FromSlash(file))
	}
	faults := strays(over)
	for i := range faults {
		faults[i].File = named(faults[i].File)
	}
	set, err := loadNamed(over, named)
	if found, ok := errors.AsType[Faults](err); ok {
		faults = append(faults, found...)
	} else if err != nil {
		return nil, err
	}
	return set, faults.sorted()
}

func builtIn(file string) bool {
	_, err := fs.Stat(messageFiles, file)
	return err == nil
}

// strays are the files of an override that nothing reads.
func strays(over fs.FS) Faults {
	var faults Faults
	stray := func(file, cure string) {
		faults = append(faults, Fault{file, 1, ruleFolder, "nothing reads this file", cure})
	}
	for _, folder := range []string{".", "messages", "layout"} {
		entries, err := fs.ReadDir(over, folder)
		if err != nil {
			continue // there need not be any
		}
		for _, e := range entries {
			name := e.Name()
			file := path.Join(folder, name)
			known := false
			switch folder {
			case ".":
				known = name == "messages" || name == "layout"
			case "messages":
				known = strings.Count(name, ".") == 2 && path.Ext(name) == ".md"
			case "layout":
				// A part of a name of ours, or one that the clinic's own messages take in.
				known = path.Ext(name) == ".md" || file == layoutFile
			}
			if known || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasPrefix(name, "README") {
				continue
			}
			switch folder {
			case ".":
				stray(file, "put messages into messages/, and what they take in into layout/")
			case "messages":
				stray(file, "call it NAME.LANG.md, with en or es")
			default:
				stray(file, fmt.Sprintf("call it NAME.LANG.md, or %s", path.Base(layoutFile)))
			}
		}
	}
	return faults
}
