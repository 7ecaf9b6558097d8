package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExitCodesAndWhatIsPrinted(t *testing.T) {
	for sentence, c := range map[string]struct {
		args     []string
		env      []string
		code     int
		out, err string // patterns
	}{
		"version":                         {[]string{"version"}, nil, 0, `^sseactor \S+ go1\.\S+ \w+/\w+\n$`, `^$`},
		"help":                            {[]string{"help"}, nil, 0, `(?s)^sseactor: .*\n  serve  .*\n  send  .*\n  tail  .*\n  healthcheck  .*\n  key  .*\n  session-id  .*\n  version  `, `^$`},
		"the settings of serve":           {[]string{"serve", "--help"}, nil, 0, `(?s)--max-clients`, `^$`},
		"the settings, without a command": {[]string{"--help"}, nil, 0, `(?s)--max-clients`, `^$`},
		"the flags of send":               {[]string{"send", "--help"}, nil, 0, `^$`, `(?s)^usage: sseactor send .*-event`},
		"the flags of tail":               {[]string{"tail", "-h"}, nil, 0, `^$`, `(?s)^usage: sseactor tail .*-topics`},
		"the flags of key":                {[]string{"key", "--help"}, nil, 0, `^$`, `(?s)^usage: sseactor key \[flags\]\n.*-topics`},
		"the flags of session-id":         {[]string{"session-id", "-h"}, nil, 0, `^$`, `(?s)^usage: sseactor session-id \[flags\] SESSION\n.*-ttl`},
		"a key without a name":            {[]string{"key"}, nil, 2, `^$`, `--name: the name is not 1 to 64 letters`},
		"a key with a name that is none":  {[]string{"key", "--name", "a b"}, nil, 2, `^$`, `--name: the name is not`},
		"a key without scopes":            {[]string{"key", "--name", "a", "--scopes", ""}, nil, 2, `^$`, `--scopes: the scopes are not`},
		"a key with a scope that is none": {[]string{"key", "--name", "a", "--scopes", "root"}, nil, 2, `^$`, `--scopes: the scopes are not publish, metrics and admin`},
		"a bound that is empty is none":   {[]string{"key", "--name", "a", "--topics", ""}, nil, 2, `^$`, `-topics: a pattern is empty`},
		"a bound that is half empty":      {[]string{"key", "--name", "a", "--users", "7,"}, nil, 2, `^$`, `-users: a pattern is empty`},
		"a bound with * in the middle":    {[]string{"key", "--name", "a", "--events", "a*b"}, nil, 2, `^$`, `-events: a pattern has a \*`},
		"a bound with a blank":            {[]string{"key", "--name", "a", "--users", "a b"}, nil, 2, `^$`, `a pattern can't stand in a line of the file`},
		"bounds of what it may not do":    {[]string{"key", "--name", "a", "--scopes", "metrics", "--topics", "a"}, nil, 2, `^$`, `bound the scope publish`},
		"a key with an argument":          {[]string{"key", "--name", "a", "b"}, nil, 2, `^$`, `key takes flags only`},
		"session-id without a secret":     {[]string{"session-id", "s"}, nil, 2, `^$`, `the secret: there is none`},
		"no such command":                 {[]string{"sevre"}, nil, 2, `^$`, `(?s)^sseactor: there is no command "sevre"\n.*serve`},
		"no such setting":                 {[]string{"serve", "--adr", ":1"}, nil, 2, `^$`, `adr`},
		"no such flag of send":            {[]string{"send", "--nope", "x"}, nil, 2, `^$`, `-nope`},
		"send without data":               {[]string{"send"}, nil, 2, `^$`, `send takes one argument, the data`},
		"send with too much":              {[]string{"send", "a", "b"}, nil, 2, `^$`, `send takes one argument, the data`},
		"production without a key":        {nil, nil, 2, `^$`, `(?s)api-keys.*SSEACTOR_API_KEYS`},
		"all faults at once":              {[]string{"--max-clients", "0", "--retry", "soon", "--log-format", "xml"}, []string{"SSEACTOR_WRITERS=-1", "SSEACTOR_MAX_TOPIC=1"}, 2, `^$`, `(?s)(?:.*(?:max-clients|retry|log-format|WRITERS|MAX_TOPIC|api-keys)){6}`},
		"a certificate that is not there": {[]string{"--mode", "development", "--addr", "127.0.0.1:0", "--tls-cert", "/no/cert", "--tls-key", "/no/key"}, nil, 2, `^$`, `settings tls-cert and tls-key: stat /no/cert`},
		"an address that can't be used":   {[]string{"--mode", "development", "--addr", "192.0.2.1:80"}, nil, 1, `^$`, `sseactor serve: listen on 192\.0\.2\.1:80 \(setting addr\)`},
		"a server that is not there":      {[]string{"healthcheck", "--url", "http://127.0.0.1:1"}, nil, 1, `^$`, `sseactor healthcheck: .*refused`},
		"a key file that is not there":    {[]string{"healthcheck", "--key-file", "/no/key"}, nil, 1, `^$`, `read the API key: open /no/key`},
		"a URL that is none":              {[]string{"send", "--url", "http://[", "x"}, nil, 1, `^$`, `the server's URL`},
		"tail of a URL that is none":      {[]string{"tail", "--url", "http://["}, nil, 1, `^$`, `the server's URL`},
		"a timeout that is none":          {[]string{"healthcheck", "--timeout", "x"}, nil, 2, `^$`, `invalid value "x"`},
	} {
		t.Run(sentence, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(c.args, stdio{strings.NewReader(""), &out, &errs, c.env})
			assert.Equal(t, c.code, code, errs.String())
			assert.Regexp(t, regexp.MustCompile(c.out), out.String())
			assert.Regexp(t, regexp.MustCompile(c.err), errs.String())
		})
	}
}

// A secret must not come back in the complaint about it.
func TestFaultsDoNotShowSecrets(t *testing.T) {
	var out, errs bytes.Buffer
	code := run([]string{"--metrics-token", "SECRET", "--api-keys", "SECRET:SECRET,SECRET"}, stdio{strings.NewReader(""), &out, &errs, nil})
	assert.Equal(t, 2, code)
	assert.NotContains(t, out.String()+errs.String(), "SECRET")
}
