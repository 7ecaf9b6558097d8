package disk

import (
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
)

// Pebble leaves a goroutine behind if it fails in the middle of opening a database, so it
// must not: TestMain finds that out.
func TestAFaultWhileTheStoreIsOpenedLeavesNothingBehind(t *testing.T) {
	for sentence, file := range map[string]string{
		"of the list of options": "temporary.",
		"of a marker":            "marker.",
		"of the list of tables":  "MANIFEST-",
	} {
		for what, kind := range map[string]errorfs.OpKind{"a write": errorfs.OpFileWrite, "a sync": errorfs.OpFileSync, "a creation": errorfs.OpCreate} {
			t.Run(what+" "+sentence, func(t *testing.T) {
				files := newFlaky()
				l := newLedger(t, files)
				require.NoError(t, l.append(5, 100))
				require.NoError(t, l.store.Close())
				met := 0
				files.when(func(op errorfs.Op) error {
					if op.Kind == kind && strings.HasPrefix(op.Path[strings.LastIndexByte(op.Path, '/')+1:], file) {
						met++
						return syscall.ENOSPC
					}
					return nil
				})
				l.store = openTest(t, l.store.options)
				l.check("it can be read")
				if met == 0 {
					return // it has done without
				}
				require.ErrorIs(t, l.store.fault, syscall.ENOSPC)
				files.heal()
				l.later(retryAfter)
				require.NoError(t, l.append(1, 100))
				l.check("and written to again")
				require.NoError(t, l.store.Close())
			})
		}
	}
}
