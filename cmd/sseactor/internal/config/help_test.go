package config

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHelpHasEverySettingWithinTheWidth(t *testing.T) {
	var b strings.Builder
	require.NoError(t, Help(&b))
	text := b.String()
	for line := range strings.SplitSeq(text, "\n") {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), helpWidth, line)
		assert.Equal(t, strings.TrimRight(line, " "), line, "no blanks at the end")
	}
	flat := strings.Join(strings.Fields(text), " ")
	for _, s := range settings(new(Config)) {
		assert.Contains(t, text, "\n"+string(s.group)+"\n")
		assert.Contains(t, flat, "--"+s.name+" "+environment.spell(s.name)+" "+s.help)
	}
	assert.Contains(t, flat, "--max-clients SSEACTOR_MAX_CLIENTS Most streams open at once. Each needs a file descriptor. "+
		"Allowed: 1 to 10000000. Default: 10000, in development 15000 --max-stream-age")
	assert.Contains(t, flat, "Also read from AUTH_SECRET, else NEXTAUTH_SECRET, which is one secret, commas and all. Allowed: secrets of 1 to")
	assert.Contains(t, flat, "Default: __Secure-authjs.session-token, authjs.session-token, __Secure-next")
}

func TestHelpTellsOfAFailedWrite(t *testing.T) {
	r, w := io.Pipe()
	broken := errors.New("broken pipe")
	require.NoError(t, r.CloseWithError(broken))
	assert.ErrorIs(t, Help(w), broken)
}

func TestMarkdownTableHasARowOfFourCellsForEverySetting(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(MarkdownTable()), "\n")
	assert.Len(t, rows, 2+8+len(settings(new(Config))), "head, groups and settings")
	for _, row := range rows {
		assert.Equal(t, 5, strings.Count(row, "|"), row)
	}
	assert.Equal(t, "| setting | env | default | meaning |", rows[0])
	assert.Contains(t, rows, "| **Limits** | | | |")
	assert.Contains(t, rows, "| `log-format` | `SSEACTOR_LOG_FORMAT` | `json`, in development `text` | How log lines are written: json for machines, text for people. Allowed: json, text. |")
	assert.Contains(t, rows, "| `public-topics` | `SSEACTOR_PUBLIC_TOPICS` | none, in development `*` | "+
		`Topics that anybody who may open a stream may subscribe to. A trailing \* stands for any rest. Allowed: topics of 1 to 128 characters, each may end in \*, separated by commas. |`)
}
