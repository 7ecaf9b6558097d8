// Package monitor holds what operators look at while they look: samples of how the server
// fares, and what happens, filtered and sampled for each of them. It knows nothing of HTTP
// and of the hub, has no goroutine, and costs next to nothing while nobody looks.
package monitor
