// Package loadgen is a load client for a server of Server-Sent Events, and the
// independent checker of what the server sends.
//
// It holds tens of thousands of streams on raw epoll with one goroutine for
// each worker and none for a stream, because a measurement is only worth
// something while the client is far cheaper than the server on the same
// machine. It imports no package of the server: its parser, its idea of an
// event's identity and its counting share no code, and so no faults, with what
// they check.
//
//	client, _ := loadgen.New(loadgen.Options{Target: addr, Tags: 1000})
//	defer client.Stop()
//	streams := client.Open(loadgen.Spec{Session: "a"}, loadgen.Spec{Session: "b"})
//	err := client.Await(ctx, "all to be open", func() bool { return client.Counts(0).Open == len(streams) })
//
// Whoever publishes puts a Tag into each event's data (Text, Object); each
// stream's Ledger then knows exactly what came twice, out of order, damaged or
// not at all. Times are nanoseconds of Now, the same clock for both sides.
//
// The parser, the ledger and the histogram run everywhere; the client needs
// Linux.
package loadgen
