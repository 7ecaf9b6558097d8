package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
)

// unsafeSetting is the log's line about each setting that is not safe.
const unsafeSetting = "unsafe setting"

// warn says what is allowed and not safe, in production.
func warn(c *config.Config, log *slog.Logger) {
	for _, w := range c.Warnings() {
		log.Warn(unsafeSetting, "setting", w.Setting, "problem", w.Problem, "fix", w.Fix)
	}
	if c.Mode == config.Production && runtime.GOOS != "windows" { // where a mode says nothing
		warnOfFiles(c.SecretFiles(), log)
	}
}

// tooOpen are the permissions that a file with secrets should not give: none to everybody,
// and to its group, by which the server may have to reach it, none to change it.
const tooOpen = 0o027

// changeable are those that let others change it.
const changeable = 0o022

func warnOfFiles(files []config.SecretFile, log *slog.Logger) {
	for _, f := range files {
		bad, what, fix := os.FileMode(tooOpen), "read or change", "chmod g-w,o= "
		if f.Public {
			bad, what, fix = changeable, "change", "chmod go-w "
		}
		info, err := os.Stat(f.Path)
		if err != nil || info.Mode().Perm()&bad == 0 {
			continue // that it can't be read has been said
		}
		kind := "file"
		if info.IsDir() {
			kind = "directory"
		}
		log.Warn(unsafeSetting, "setting", f.Setting,
			"problem", fmt.Sprintf("names a %s that others may %s: %s has the mode %04o", kind, what, f.Path, info.Mode().Perm()),
			"fix", fix+f.Path)
	}
}
