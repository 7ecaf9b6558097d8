package embed

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAllFaultsOfTheOptionsAreToldAtOnce(t *testing.T) {
	_, err := New(Options{MaxClients: -1, MaxEventBytes: -1, PublishTimeout: -1})
	for _, name := range []string{"MaxClients", "MaxEventBytes", "PublishTimeout"} {
		assert.ErrorContains(t, err, name)
	}
}
