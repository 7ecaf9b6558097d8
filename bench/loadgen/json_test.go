package loadgen

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestJSONFieldsAreFoundWithoutDecoding(t *testing.T) {
	data := []byte(`{"status":"code","message":"its code: x","code":"MAX_CLIENTS","dropped":17,"from":"1-2"}`)
	assert.Equal(t, "MAX_CLIENTS", string(jsonText(data, "code")))
	assert.Equal(t, "1-2", string(jsonText(data, "from")))
	assert.Equal(t, 17, jsonCount(data, "dropped"))
	assert.Nil(t, jsonText(data, "dropped"))
	assert.Zero(t, jsonCount(data, "from"))
	assert.Nil(t, jsonText(data, "clientId"))
	assert.Nil(t, jsonText([]byte(`{"code":`), "code"))
	assert.Zero(t, testing.AllocsPerRun(100, func() { jsonText(data, "code") }))
}
