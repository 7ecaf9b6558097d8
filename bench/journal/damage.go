//go:build linux

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

const damageRounds = 60

// flip changes one byte somewhere in the store's files, and reads everything.
func flip(dir, name string) (string, error) { return damaged(dir, name, "flip") }

// cut ends the store's newest file early, and reads everything.
func cut(dir, name string) (string, error) { return damaged(dir, name, "cut") }

// damaged reads in a process of its own: a store may end it.
func damaged(dir, name, how string) (string, error) {
	if at := os.Getenv("JOURNAL_DAMAGED"); at != "" {
		return readDamaged(at, name)
	}
	s, err := fresh(dir, name)
	if err != nil {
		return "", err
	}
	for batch := range uint64(200) {
		records := make([]record, 50)
		for i := range records {
			id := batch*50 + uint64(i) + 1
			records[i] = newRecord(box(id%100), id, recordBytes)
		}
		if err := s.append(records); err != nil {
			return "", err
		}
	}
	// No close: the process that wrote it was killed.
	seen := map[string]int{}
	random := rand.New(rand.NewPCG(1, 2))
	for range damageRounds {
		copied := dir + "-damaged"
		if err := os.RemoveAll(copied); err != nil {
			return "", err
		}
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			return "", err
		}
		if err := damage(copied, how, random); err != nil {
			return "", err
		}
		child := exec.Command(os.Args[0], "-dir", filepath.Dir(dir), "-only", name, "-work", how)
		child.Env = append(os.Environ(), "JOURNAL_DAMAGED="+copied)
		out, err := child.CombinedOutput()
		_, outcome, _ := strings.Cut(strings.TrimSpace(string(out)), how+"\t")
		if err != nil {
			outcome = "process ended"
		}
		seen[outcome]++
	}
	var outcomes []string
	for what, n := range seen {
		outcomes = append(outcomes, strconv.Itoa(n)+" × "+what)
	}
	sort.Strings(outcomes)
	return strings.Join(outcomes, ", "), nil
}

// damage changes a byte that is in use: most often of the file that has most of the data,
// else of any. Files are often allocated ahead, and a byte that nobody reads shows nothing.
func damage(dir, how string, random *rand.Rand) error {
	var files []string
	var largest string
	var most int
	err := filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		n, err := inUse(p)
		if n > 0 {
			files = append(files, p)
		}
		if n > most {
			largest, most = p, n
		}
		return err
	})
	if err != nil {
		return err
	}
	file := largest
	if how == "flip" && random.IntN(4) == 0 {
		file = files[random.IntN(len(files))]
	}
	used, err := inUse(file)
	if err != nil {
		return err
	}
	if how == "cut" {
		return os.Truncate(file, int64(used-random.IntN(min(used, 100_000))))
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	one := make([]byte, 1)
	for one[0] == 0 {
		at := int64(random.IntN(used))
		if _, err := f.ReadAt(one, at); err != nil {
			return err
		}
		if one[0] != 0 {
			_, err = f.WriteAt([]byte{one[0] ^ 1<<random.IntN(8)}, at)
		}
	}
	return err
}

// inUse is a file's size without the zeros at its end.
func inUse(file string) (int, error) {
	b, err := os.ReadFile(file)
	return len(bytes.TrimRight(b, "\x00")), err
}

// readDamaged says in a word what came of it.
func readDamaged(dir, name string) (outcome string, err error) {
	defer func() {
		if r := recover(); r != nil {
			outcome, err = "panic", nil
		}
	}()
	s, err := stores[name](dir)
	if err != nil {
		return "refused to open", nil
	}
	read, wrong, failed := 0, 0, 0
	for i := range uint64(100) {
		got, err := s.read(box(i), 0, 1000)
		if err != nil {
			failed++
		}
		for _, data := range got {
			read++
			if !whole(data) {
				wrong++
			}
		}
	}
	switch {
	case wrong > 0:
		return "wrong data, unnoticed", nil
	case failed > 0:
		return "error at a read", nil
	case read < 10_000:
		return "records missing, no error", nil
	}
	return "no effect", nil
}
