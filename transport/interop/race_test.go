//go:build race

package interop

// raceDetector: under go test -race the server is built with it as well.
const raceDetector = true
