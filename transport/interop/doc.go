// Package interop holds no code of the product, only tests: the real binary is
// built and started, and its streams are read by clients that others wrote.
//
// It is a module of its own so that these clients never enter the product's
// go.mod. What each client sees is compared with what was published; where a
// client strays from the standard (WHATWG HTML 9.2) the table in
// deviations_test.go says so, and the raw bytes, read by curl, prove whose fault
// it is.
//
// Sessions are made by the packages that apps sign people in with: NextAuth (v4) and
// Auth.js (v5) mint cookies in node/mint.mjs, and node/app is an app that has either of
// them, into which a browser signs in.
//
//	go test ./...                                          all of it, in about half a minute
//	go test -race ./...                                    the server has the race detector too
//	go test -run '^$' -fuzz Frame -fuzztime 1m -fuzzminimizetime 1s .
//	SSEACTOR_BIN=/path/to/sseactor go test ./...           another build of the server
//
// The npm packages are installed on the first run (npm ci in node/). CHROMIUM,
// NGINX, CURL, NODE and NPM name programs that are not in PATH.
//
// What is missing on a machine (node, npm, Chromium, nginx, curl) makes a test
// skip and say so; with REQUIRE_ALL=1 it makes it fail.
package interop
