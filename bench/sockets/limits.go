//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"text/tabwriter"
)

const (
	// spare is how many descriptors a process needs for other things than streams.
	spare = 1000
	// perSource is how many streams come from one address; see loadgen.Options.
	perSource  = 8000
	maxSources = 250
	// mostPerClient keeps a load client's share such that several work side by side.
	mostPerClient = 100_000
	// streamBytes is what a stream takes on a machine that has both its ends: the
	// kernel's 4.2 KB for each end, the server's 1.6 KB, and the load client's.
	streamBytes = 2*4300 + 1600 + 800
)

// machine is what limits how many streams it can hold. A limit that it does not have
// is -1.
type machine struct {
	descriptors int64 // of a process, at most: RLIMIT_NOFILE's hard limit
	files       int64 // fs.file-max, of all processes
	watches     int64 // fs.epoll.max_user_watches
	ports       int64 // for connections from one address to the server
	tracked     int64 // net.netfilter.nf_conntrack_max
	memory      int64 // MemAvailable, in bytes
}

func readMachine() (m machine, err error) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return m, fmt.Errorf("read the limit of descriptors: %w", err)
	}
	m.descriptors = clip(files.Max)
	m.files = number("/proc/sys/fs/file-max", 0)
	m.watches = number("/proc/sys/fs/epoll/max_user_watches", 0)
	m.tracked = number("/proc/sys/net/netfilter/nf_conntrack_max", 0)
	m.ports = -1
	if low, high := number("/proc/sys/net/ipv4/ip_local_port_range", 0), number("/proc/sys/net/ipv4/ip_local_port_range", 1); high >= 0 {
		m.ports = high - low + 1
	}
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return m, err
	}
	m.memory = -1
	if _, rest, ok := bytes.Cut(text, []byte("MemAvailable:")); ok {
		if fields := bytes.Fields(rest); len(fields) > 0 {
			kb, _ := strconv.ParseInt(string(fields[0]), 10, 64)
			m.memory = kb << 10
		}
	}
	return m, nil
}

// number reads the field of that number of a file of numbers; -1 if there is none.
func number(file string, field int) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return -1
	}
	fields := bytes.Fields(text)
	if field >= len(fields) {
		return -1
	}
	n, err := strconv.ParseUint(string(fields[field]), 10, 64)
	if err != nil {
		return -1
	}
	return clip(n)
}

// clip makes "no limit" a number.
func clip(n uint64) int64 { return int64(min(n, 1<<62)) }

// clients is how many load clients it takes.
func (m machine) clients(streams int) int {
	each := int(min(m.descriptors-spare, mostPerClient))
	return (streams + each - 1) / max(each, 1)
}

// limit is one that a number of streams needs.
type limit struct {
	name       string
	has, needs int64
	remedy     string
}

func (m machine) limits(streams int) []limit {
	n := int64(streams)
	return []limit{
		{"descriptors of the server's process", m.descriptors, n + spare,
			fmt.Sprintf("as root: sysctl -w fs.nr_open=%d; ulimit -n %d", n+spare, n+spare)},
		{"open files of all processes", m.files, 2*n + 10*spare, fmt.Sprintf("sysctl -w fs.file-max=%d", 2*n+10*spare)},
		{"epoll watches of a user", m.watches, 2*n + spare, fmt.Sprintf("sysctl -w fs.epoll.max_user_watches=%d", 2*n+spare)},
		{"ports for connections from one address", m.ports, 2 * perSource, "sysctl -w net.ipv4.ip_local_port_range='1024 65535'"},
		{"source addresses of loopback that are used", maxSources, (n + perSource - 1) / perSource, "a second server: this program has no more"},
		{"connections that the firewall tracks", m.tracked, n + n/4, fmt.Sprintf("sysctl -w net.netfilter.nf_conntrack_max=%d", n+n/4)},
		{"MiB of available memory", m.memory >> 20, n * streamBytes >> 20, "a machine with more, or the load clients on others"},
	}
}

// refuse says which limits are too low, if any is.
func refuse(w io.Writer, streams int, m machine) bool {
	low := 0
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range m.limits(streams) {
		if l.has < 0 || l.has >= l.needs {
			continue
		}
		if low++; low == 1 {
			fmt.Fprintf(w, "sockets: this machine can't hold %d streams:\n", streams)
		}
		fmt.Fprintf(t, "  %s\t%d\tneeded: %d\t%s\n", l.name, l.has, l.needs, l.remedy)
	}
	_ = t.Flush()
	if low > 0 && m.descriptors > spare+100 {
		fmt.Fprintf(w, "as it is, its descriptors allow make load-1m STREAMS=%d\n", (m.descriptors-spare)/1000*1000)
	}
	return low > 0
}
