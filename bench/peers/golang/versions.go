package main

import "runtime/debug"

// moduleVersions gives "path version" of the libraries that are measured.
func moduleVersions() (versions []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/centrifugal/centrifuge", "github.com/tmaxmax/go-sse", "github.com/r3labs/sse/v2":
			versions = append(versions, m.Path+" "+m.Version)
		}
	}
	return versions
}
