package loadgen

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Usage is what a process holds and has used.
type Usage struct {
	RSS     int64 // bytes of resident memory
	Private int64 // of these, the bytes that are not pages of a file, such as the program's text
	CPU     time.Duration
	FDs     int
	Threads int
}

// ReadUsage reads the usage of a process from /proc.
func ReadUsage(pid int) (u Usage, err error) {
	dir := "/proc/" + strconv.Itoa(pid)
	if u.RSS, u.Private, err = readRSS(dir); err != nil {
		return u, err
	}
	entries, err := os.ReadDir(dir + "/fd")
	if err != nil {
		return u, err
	}
	u.FDs = len(entries)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return u, err
	}
	u.CPU, u.Threads, err = parseStat(stat)
	return u, err
}

// readRSS reads smaps_rollup, which counts pages; the figures of status may lag
// behind by some pages for each thread.
func readRSS(dir string) (all, private int64, err error) {
	text, err := os.ReadFile(dir + "/smaps_rollup")
	if err != nil {
		return 0, 0, err
	}
	if all, err = kilobytes(text, "Rss:"); err != nil {
		return 0, 0, err
	}
	private, err = kilobytes(text, "Anonymous:")
	return all, private, err
}

// kilobytes reads the line "name  123 kB" and gives bytes.
func kilobytes(text []byte, name string) (int64, error) {
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			kb, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s line", name)
}

// parseStat reads /proc/PID/stat. The second field, the name, may hold spaces
// and brackets, so the fields are counted from the last bracket on.
func parseStat(stat []byte) (cpu time.Duration, threads int, err error) {
	// A tick of these fields is 10 ms for programs, whatever the kernel's is.
	const tick = 10 * time.Millisecond
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 18 {
		return 0, 0, fmt.Errorf("/proc stat has %d fields", len(fields))
	}
	var v [3]int
	for i, field := range [...]int{11, 12, 17} { // utime, stime, num_threads
		if v[i], err = strconv.Atoi(string(fields[field])); err != nil {
			return 0, 0, err
		}
	}
	return time.Duration(v[0]+v[1]) * tick, v[2], nil
}
