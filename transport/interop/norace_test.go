//go:build !race

package interop

// raceDetector: see race_test.go.
const raceDetector = false
