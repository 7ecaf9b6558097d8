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
	Share   int64 // bytes of resident memory, those shared with other processes by their share (PSS)
	CPU     time.Duration
	FDs     int
	Threads int
}

// Add sums up, for the processes of one server.
func (u *Usage) Add(v Usage) {
	u.RSS += v.RSS
	u.Private += v.Private
	u.Share += v.Share
	u.CPU += v.CPU
	u.FDs += v.FDs
	u.Threads += v.Threads
}

// ReadUsage reads the usage of a process from /proc.
func ReadUsage(pid int) (u Usage, err error) {
	dir := "/proc/" + strconv.Itoa(pid)
	if err = u.readMemory(dir); err != nil {
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

// readMemory reads smaps_rollup, which counts pages; the figures of status may lag
// behind by some pages for each thread.
func (u *Usage) readMemory(dir string) error {
	text, err := os.ReadFile(dir + "/smaps_rollup")
	if err != nil {
		return err
	}
	for _, line := range []struct {
		name string
		to   *int64
	}{{"Rss:", &u.RSS}, {"Anonymous:", &u.Private}, {"Pss:", &u.Share}} {
		if *line.to, err = kilobytes(text, line.name); err != nil {
			return err
		}
	}
	return nil
}

// ReadPeak reads the most resident memory that a process has had, in bytes.
func ReadPeak(pid int) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, err
	}
	return kilobytes(text, "VmHWM:")
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
