package sse_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// FuzzFrame sends any fields that the checks let through, between two other
// events, and reads them back with a client's parser: what goes in comes out,
// exactly one event is dispatched for it, and its neighbours are left alone.
func FuzzFrame(f *testing.F) {
	f.Add("update", "id-1", "a\nb", int64(1500))
	f.Add("", "", "", int64(0))
	f.Add("message", "", "user text\revent: admin\rdata: forged", int64(-1))
	f.Add(" a: b", "a b", "\r\n\r\r\n\n", int64(1))
	f.Add("data", "0", "\uFEFF: \x00\n\n", int64(1)<<62)
	f.Fuzz(func(t *testing.T, eventName, eventID, data string, retry int64) {
		data = strings.ToValidUTF8(data, "?") // the publisher's edge sees to it
		n, err := sse.ParseName(eventName)
		if err != nil {
			n = sse.Name{}
		}
		i, err := sse.ParseID(eventID)
		if err != nil {
			i = sse.ID{}
		}
		frame := sse.NewFrame(sse.Event{Name: n, ID: i, Data: data, Retry: time.Duration(retry)})
		frame.Seal("7-1")
		wantID := i.String()
		if i.IsZero() {
			wantID = "7-1"
		}
		require.Equal(t, wantID, frame.ID())

		before, after := sse.NewFrame(sse.Event{Data: "before"}), sse.NewFrame(sse.Event{Data: "after", ID: i})
		before.Seal("6-1")
		after.Seal("8-1")
		wantRetry := ""
		if retry > 0 {
			wantRetry = strconv.FormatInt(max(retry/1e6, 1), 10)
		}
		events, last := interpret(string(before.Bytes()) + string(frame.Bytes()) + string(after.Bytes()))
		require.Equal(t, []dispatched{
			{"message", "before", "6-1", ""},
			{n.String(), asLines(data), wantID, wantRetry},
			{"message", "after", after.ID(), wantRetry},
		}, events)
		require.Equal(t, after.ID(), last)

		// A client that is cut off anywhere within has seen nothing of it.
		wire := string(frame.Bytes())
		for _, cut := range []int{len(wire) / 3, len(wire) / 2, len(wire) - 1} {
			events, last = interpret(string(before.Bytes()) + wire[:cut])
			require.Len(t, events, 1)
			require.Equal(t, "6-1", last)
		}
		// And one that acts on each line has not seen the id before all the rest.
		require.True(t, strings.HasSuffix(wire, "\nid: "+wantID+"\n\n"))

		// The same text as a comment says nothing at all.
		comment := sse.NewComment(data)
		events, last = interpret(string(before.Bytes()) + string(comment.Bytes()))
		require.Len(t, events, 1)
		require.Equal(t, "6-1", last)
	})
}

// asLines is a text as a client gets it: all line ends are LF.
func asLines(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

// FuzzParseSequence: what is taken is spelled as String would, and comes back
// from there; its successor is above it and can be read as well.
func FuzzParseSequence(f *testing.F) {
	for _, s := range []string{"0-0", "1700000000000-3", "5-*", "05-1", "-", "18446744073709551615-18446744073709551615", "+1-1", "1-2-3"} {
		f.Add(s, uint64(5))
	}
	f.Fuzz(func(t *testing.T, text string, now uint64) {
		s, err := sse.ParseSequence(text)
		if err != nil {
			require.True(t, s.IsZero())
			return
		}
		require.Equal(t, text, s.String())
		if text == "18446744073709551615-18446744073709551615" {
			return // the last of all
		}
		next := s.Next(now)
		require.True(t, s.Less(next))
		again, err := sse.ParseSequence(next.String())
		require.NoError(t, err)
		require.Equal(t, next, again)
		_, err = sse.ParseID(text)
		require.NoError(t, err, "an id of the hub's is one that clients send back")
	})
}
