package wire

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the walk finds in an array or an object is what encoding/json finds there.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{
		`[]`, ` [ ] `, `[1]`, `[ 1 , "a" ,null]`, `["\\","\"","\\\"",""]`, `[[],[[]],{"a":[1,{}]}]`, `["]","}","{",","]`,
		`{}`, ` { } `, `{"a":1}`, "{ \"a\\\"\" :\t1 ,\r\n\"b\":\"}\" , \"\":[-1.5e3 ,true]}", whole, "[" + whole + "]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		body := skipSpace([]byte(text))
		if !utf8.Valid(body) || !json.Valid(body) {
			return
		}
		switch body[0] {
		case '[':
			var want, got []json.RawMessage
			require.NoError(t, json.Unmarshal(body, &want))
			for raw := range elements(body) {
				got = append(got, raw)
			}
			assert.Equal(t, len(want), len(got))
			for i, raw := range want { // in their order
				assert.Equal(t, string(raw), string(got[i]))
			}
		case '{':
			want, got := map[string]string{}, map[string]string{}
			var raws map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(body, &raws))
			for name, raw := range raws {
				want[name] = string(raw)
			}
			for quoted, raw := range members(body) {
				got[unquote(quoted)] = string(raw) // the last of two, as encoding/json has it
			}
			assert.Equal(t, want, got)
		}
	})
}
