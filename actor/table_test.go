package actor

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func named(name string) *Client { return NewClient(Info{ID: name}, new(countingSink), 0) }

// The table does what a map does, through growing, halving and shrinking.
func TestTableIsAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	x := newTable((*Client).ID)
	m := make(map[string]*Client)
	var names []string
	for _, wanted := range []int{20, 5, 20_000, 100, 30_000, 0, 10, 3000} {
		for len(names) != wanted {
			if len(names) < wanted && random.IntN(4) > 0 || len(names) == 0 {
				c := named(fmt.Sprint("c", random.Uint64()))
				x.add(c)
				m[c.ID()] = c
				names = append(names, c.ID())
				continue
			}
			i := random.IntN(len(names))
			x.remove(m[names[i]])
			delete(m, names[i])
			names[i] = names[len(names)-1]
			names = names[:len(names)-1]
		}
		require.Equal(t, len(m), x.count)
		for name, c := range m {
			require.Same(t, c, x.get(name))
		}
		for range 1000 {
			require.Nil(t, x.get(fmt.Sprint("absent", random.Uint64())))
		}
	}
}

func TestTableRemovesNobodyElse(t *testing.T) {
	x := newTable((*Client).ID)
	x.remove(named("a")) // from an empty table
	a := named("a")
	x.add(a)
	x.remove(named("a")) // another of the same name
	x.remove(named("b"))
	assert.Same(t, a, x.get("a"))
	assert.Equal(t, 1, x.count)
	assert.Nil(t, x.get(""))
}

// Who has left is not kept alive.
func TestTableForgets(t *testing.T) {
	x := newTable((*Client).ID)
	var all []*Client
	for i := range 5000 {
		c := named(fmt.Sprint("c", i))
		all = append(all, c)
		x.add(c)
	}
	for _, c := range all {
		x.remove(c)
	}
	for _, p := range x.parts {
		for i := range p.clients {
			require.Zero(t, p.tags[i])
			require.Nil(t, p.clients[i])
		}
	}
}

func TestTableTakesLittleMemory(t *testing.T) {
	const clients = 100_000
	all := make([]*Client, clients)
	for i := range all {
		all[i] = named(fmt.Sprint("c", i))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := newTable((*Client).ID)
	for _, c := range all {
		x.add(c)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := float64(after.HeapAlloc-before.HeapAlloc) / clients
	t.Logf("%.1f bytes a client", each)
	assert.Less(t, each, 20.0)
	runtime.KeepAlive(x)
	runtime.KeepAlive(all)
}
