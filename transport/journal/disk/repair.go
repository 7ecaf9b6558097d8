package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// The logs hold what is not in tables yet, that is the newest records. Pebble drops the
// end of the last one silently if it is not whole, and refuses to open at all if
// something whole is behind it. So logs are looked at first. What is whole stays, also
// behind the damage: each entry of a log stands for itself. What is not is set aside.

// damagedEnding is how files end that were set aside. Nothing removes them.
const damagedEnding = ".damaged"

// tableEnding is how the files of tables end.
const tableEnding = ".sst"

// logBlock is the unit of a log: whatever is damaged, the next block begins anew.
const logBlock = 32 << 10

// survey is what was found in a log.
type survey struct {
	good    [][]byte // entries
	end     int      // of what is whole before the damage
	damaged bool
	behind  bool  // something whole is behind the damage
	lost    int   // bytes of the log that are in no entry, about
	err     error // what is wrong
}

// surveyLog reads a log, or a list of tables, which is written in the same way. Entries
// have a length that they have at least.
func surveyLog(text []byte, number wal.NumWAL, least int) survey {
	var s survey
	begin, lastGood := 0, 0
	for begin < len(text) {
		good, end, err := readLog(text[begin:], number, least)
		s.good = append(s.good, good...)
		if s.damaged {
			s.behind = s.behind || len(good) > 0
		} else {
			s.end = end
		}
		if err == nil {
			break
		}
		stop := begin + end
		if !s.damaged {
			if len(bytes.TrimRight(text[stop:], "\x00")) == 0 {
				break // it was allocated ahead
			}
			s.damaged, s.err = true, err
		}
		if len(good) > 0 {
			lastGood = stop
		}
		begin = (stop/logBlock + 1) * logBlock
	}
	s.lost = len(bytes.TrimRight(text, "\x00")) - max(lastGood, s.end)
	return s
}

// like gives a log's number the type of another one, which Pebble has no public name for.
func like[T ~uint64](_ T, number wal.NumWAL) T { return T(number) }

// readLog reads entries until the end or something that is none, and says where it stopped.
func readLog(text []byte, number wal.NumWAL, least int) (good [][]byte, end int, err error) {
	r := record.NewReader(bytes.NewReader(text), like(pebble.WALCreateInfo{}.FileNum, number))
	for {
		end = int(r.Offset())
		var entry []byte
		one, err := r.Next()
		if err == nil {
			entry, err = io.ReadAll(one)
		}
		if errors.Is(err, io.EOF) {
			return good, end, nil
		}
		if err != nil {
			return good, end, err
		}
		if len(entry) < least {
			return good, end, errors.New("an entry is too short")
		}
		good = append(good, entry)
	}
}

// repair does what can be done about a store that does not open.
func repair(files vfs.FS, dir string, report func(where string, err error)) (did bool, err error) {
	did, err = repairLogs(files, dir, report)
	if did || err != nil {
		return did, err
	}
	names, err := files.List(dir)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		path := files.PathJoin(dir, name)
		if !strings.HasPrefix(name, "OPTIONS-") || strings.HasSuffix(name, damagedEnding) {
			continue
		}
		text, err := readFile(files, path)
		if err != nil {
			return did, err
		}
		var options pebble.Options
		if err = options.Parse(string(text), nil); err == nil {
			continue
		}
		// What was set when it was last open is of use only to people.
		if err := files.Rename(path, path+damagedEnding); err != nil {
			return did, err
		}
		did = true
		report(name, fmt.Errorf("%w; it is set aside", err))
	}
	return did, nil
}

// checkManifest says whether a store's list of tables is damaged: Pebble would take what
// is before the damage for all there is, and delete the tables that are not in it. It may
// also have been written to when the machine stopped; then nothing would be lost, but
// that can't be told.
func checkManifest(files vfs.FS, dir string) error {
	name, err := atomicfs.ReadMarker(files, dir, "manifest")
	if err != nil {
		return err
	}
	if name == "" {
		names, err := files.List(dir)
		if slices.ContainsFunc(names, func(name string) bool { return isLog(name) || strings.HasSuffix(name, tableEnding) }) {
			err = errors.New("there are tables or logs, but the list of them is gone")
		}
		return err
	}
	text, err := readFile(files, files.PathJoin(dir, name))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if s := surveyLog(text, 0, 0); s.damaged {
		return fmt.Errorf("%s is damaged from byte %d on: %w", name, s.end, s.err)
	}
	return nil
}

// repairLogs makes whole what Pebble would stumble over, and reports it.
func repairLogs(files vfs.FS, dir string, report func(where string, err error)) (repaired bool, err error) {
	names, err := files.List(dir)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		number, _, ok := wal.ParseLogFilename(name)
		if !ok {
			continue
		}
		path := files.PathJoin(dir, name)
		text, err := readFile(files, path)
		if err != nil {
			return repaired, fmt.Errorf("read %s: %w", name, err)
		}
		s := surveyLog(text, number, batchrepr.HeaderLen)
		if !s.damaged {
			continue
		}
		aside, what := text[s.end:], "what follows it is"
		if s.behind {
			aside, what = text, "a copy of it is"
		}
		kept, err := setAside(files, path, aside)
		if err != nil {
			return repaired, fmt.Errorf("set aside what is damaged in %s: %w", name, err)
		}
		if err := rewriteLog(files, path, number, s.good); err != nil {
			return repaired, fmt.Errorf("write %s without its damage: %w", name, err)
		}
		repaired = true
		report(name, fmt.Errorf("not whole from byte %d on: %w; %d entries are recovered, %s set aside as %s", s.end, s.err, len(s.good), what, kept))
	}
	return repaired, nil
}

// setAside keeps damaged bytes in a file beside the one they were in.
func setAside(files vfs.FS, path string, text []byte) (name string, err error) {
	for n := 1; ; n++ {
		kept := path + damagedEnding
		if n > 1 {
			kept = fmt.Sprintf("%s-%d%s", path, n, damagedEnding)
		}
		if _, err := files.Stat(kept); err == nil {
			continue
		}
		return files.PathBase(kept), writeFile(files, kept, text)
	}
}

// rewriteLog puts a log in the place of one, with the entries and a proper end.
func rewriteLog(files vfs.FS, path string, number wal.NumWAL, entries [][]byte) error {
	return replaceFile(files, path, func(f vfs.File) error {
		w := record.NewLogWriter(struct{ io.Writer }{f}, like(pebble.WALCreateInfo{}.FileNum, number), record.LogWriterConfig{
			WriteWALSyncOffsets: func() bool { return formatOfPebble >= pebble.FormatWALSyncChunks },
		})
		for _, entry := range entries {
			if _, err := w.WriteRecord(entry); err != nil {
				return errors.Join(err, w.Close())
			}
		}
		return w.Close()
	})
}
