package sse

import (
	"fmt"

	"go.k6.io/k6/js/common"
	"go.k6.io/k6/js/modules"
	"go.k6.io/k6/metrics"
)

func init() { modules.Register("k6/x/sse", new(Module)) }

// Module is what k6 makes an instance of for each VU.
type Module struct{}

// NewModuleInstance is called in each VU that imports k6/x/sse.
func (*Module) NewModuleInstance(vu modules.VU) modules.Instance {
	events, err := vu.InitEnv().Registry.NewMetric("sse_event", metrics.Counter)
	if err != nil {
		common.Throw(vu.Runtime(), fmt.Errorf("k6/x/sse: %w", err))
	}
	return &instance{vu: vu, events: events}
}

// instance is the module in one VU.
type instance struct {
	vu     modules.VU
	events *metrics.Metric
}

// Exports makes `import sse from 'k6/x/sse'` give an object with open.
func (i *instance) Exports() modules.Exports {
	return modules.Exports{Default: map[string]any{"open": i.open}}
}
