package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestABatchKeepsItsOrder(t *testing.T) {
	items, batch, err := Decode([]byte(`[{"data":1},{"data":2,"userId":"u"},{"data":3}]`), small)
	require.NoError(t, err)
	assert.True(t, batch)
	require.Len(t, items, 3)
	for i, want := range []string{"1", "2", "3"} {
		assert.Equal(t, want, items[i].Event.Data)
	}
	assert.Equal(t, "u", items[1].Target.UserID)
	assert.Empty(t, items[2].Target.UserID, "what one event says does not carry over to the next")
}

func TestABatchOfOneIsABatch(t *testing.T) {
	_, batch, err := Decode([]byte(`[{"data":1}]`), small)
	require.NoError(t, err)
	assert.True(t, batch)
	_, batch, err = Decode([]byte(`{"data":1}`), small)
	require.NoError(t, err)
	assert.False(t, batch)
}

func TestFaultyBatches(t *testing.T) {
	for sentence, c := range map[string]struct {
		body, field, message string
		tooLarge             bool
	}{
		"an empty one":                         {body: `[]`, message: "the batch is empty; send at least one event"},
		"more events than there may be":        {body: `[{"data":1},{"data":2},{"data":3},{"data":4}]`, message: "more than 3 events in a batch", tooLarge: true},
		"too many, the last of them no event":  {body: `[{"data":1},{"data":2},{"data":3},7]`, message: "more than 3 events in a batch", tooLarge: true},
		"a number in it":                       {body: `[1]`, field: "[0]", message: "not an event; a batch is an array of objects"},
		"null in it":                           {body: `[{"data":1},null]`, field: "[1]", message: "not an event; a batch is an array of objects"},
		"a batch in it":                        {body: `[[{"data":1}]]`, field: "[0]", message: "not an event; a batch is an array of objects"},
		"a fault in the third":                 {body: `[{"data":1},{"data":2},{"data":3,"retry":0}]`, field: "[2].retry", message: "the number 0; it must be a whole number of milliseconds from 1 to 86400000"},
		"a fault in a list of the third":       {body: `[{"data":1},{"data":2},{"data":3,"topics":["a","b b"]}]`, field: "[2].topics[1]", message: "' ' at byte 1 is not allowed"},
		"an unknown field in the second":       {body: `[{"data":1},{"date":2}]`, field: "[1].date", message: "unknown field; allowed: clientIds, data, event, id, persistent, priority, retry, sessionId, topics, ttl, userId"},
		"no data in the first":                 {body: `[{"event":"a"},{"data":2}]`, field: "[0].data", message: "missing; any JSON value is allowed, null too"},
		"too large an event in the second":     {body: `[{"data":1},{"data":"` + times("x", 201) + `"}]`, field: "[1].data", message: "the event has 201 bytes; at most 200", tooLarge: true},
		"an empty target in the third":         {body: `[{"data":1},{"data":2},{"data":3,"userId":""}]`, field: "[2].userId", message: "empty; leave it out, or name somebody"},
		"a mailbox of streams in the second":   {body: `[{"data":1,"persistent":true},{"data":2,"persistent":true,"clientIds":["c"]}]`, field: "[1].persistent", message: "not together with clientIds: a mailbox is a user's, a session's, a topic's or everybody's; clientIds name streams"},
		"broken JSON between two events":       {body: `[{"data":1};{"data":2}]`, field: "[1]", message: "not valid JSON at byte N: expected comma after array element"},
		"broken JSON inside the second":        {body: `[{"data":1},{"data":2;}]`, field: "[1]", message: "not valid JSON at byte N: invalid character ';' after object key:value pair"},
		"a trailing comma":                     {body: `[{"data":1},]`, field: "[1]", message: "not valid JSON at byte N: invalid character ']' looking for beginning of value"},
		"a first comma":                        {body: `[,{"data":1}]`, field: "[0]", message: "not valid JSON at byte N: invalid character ',' looking for beginning of value"},
		"the wrong bracket":                    {body: `[{"data":1}}`, message: "not valid JSON at byte N: invalid character '}' after array element"},
		"an end in the middle of the second":   {body: `[{"data":1},{"data":`, field: "[1].data", message: "the JSON ends too early"},
		"an end between two events":            {body: `[{"data":1},`, field: "[1]", message: "the JSON ends too early"},
		"an end before the bracket":            {body: `[{"data":1}`, message: "the JSON ends too early"},
		"a missing comma between two events":   {body: `[{"data":1} {"data":2}]`, field: "[1]", message: "not valid JSON at byte N: invalid character '{' after array element"},
		"a batch of batches behind each other": {body: `[{"data":1}][{"data":1}]`, message: "there is more behind the JSON value"},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := refused(t, c.body)
			f.Message = withoutOffset(f.Message)
			assert.Equal(t, &Fault{c.field, c.message, c.tooLarge}, f)
		})
	}
}
