package monitor

import (
	"runtime/metrics"
	"time"
)

// Process is what the server's process takes.
type Process struct {
	Resident   uint64        // bytes; zero: it is not known here
	Heap       uint64        // bytes of objects, those that nobody uses any more included
	Goroutines uint64        //
	CPU        time.Duration // used since its start; zero: it is not known here
}

// ReadProcess stops nobody: runtime.ReadMemStats would stop the world.
func ReadProcess() Process {
	read := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(read)
	return Process{Resident: resident(), Heap: read[0].Value.Uint64(), Goroutines: read[1].Value.Uint64(), CPU: cpuTime()}
}
