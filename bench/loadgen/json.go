package loadgen

import "bytes"

// jsonText finds the value of a text field in compact JSON of the server's own
// making, whose ids and codes hold nothing that is escaped; nil if there is none.
func jsonText(data []byte, field string) []byte {
	after, ok := bytes.CutPrefix(jsonField(data, field), []byte{'"'})
	if !ok {
		return nil
	}
	value, _, _ := bytes.Cut(after, []byte{'"'})
	return value
}

// jsonCount finds the value of a field that holds a whole number; 0 if there is
// none.
func jsonCount(data []byte, field string) int {
	after := jsonField(data, field)
	end := 0
	for end < len(after) && after[end] >= '0' && after[end] <= '9' {
		end++
	}
	n, _ := digits(after[:end])
	return n
}

// jsonField gives what follows the field's colon.
func jsonField(data []byte, field string) []byte {
	for rest := data; ; {
		i := bytes.Index(rest, []byte(field))
		if i < 0 {
			return nil
		}
		after := rest[i+len(field):]
		if i > 0 && rest[i-1] == '"' && bytes.HasPrefix(after, []byte(`":`)) {
			return after[2:]
		}
		rest = after
	}
}
