package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testKey = "0123456789abcdef-test-key"
	testEnv = "SSEACTOR_API_KEYS=app:" + testKey // what production can't do without
)

// fileOf is a readFile that knows one file, "sse.conf".
func fileOf(text string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if path != "sse.conf" {
			return nil, &fs.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
		}
		return []byte(text), nil
	}
}

func load(t *testing.T, args, environ []string, file string) *Config {
	t.Helper()
	c, err := Load(args, environ, fileOf(file))
	require.NoError(t, err)
	return c
}

func faultsOf(t *testing.T, args, environ []string, file string) []Fault {
	t.Helper()
	c, err := Load(args, environ, fileOf(file))
	require.Nil(t, c, "a faulty configuration is not given out")
	faults, ok := errors.AsType[*Faults](err)
	require.True(t, ok, "got %v", err)
	return faults.List
}

func TestEverySpellingFollowsFromTheName(t *testing.T) {
	for spelling, c := range map[string]*Config{
		"flag with =":        load(t, []string{"--max-clients=7"}, []string{testEnv}, ""),
		"flag with blank":    load(t, []string{"--max-clients", "7"}, []string{testEnv}, ""),
		"flag with one dash": load(t, []string{"-max-clients", "7"}, []string{testEnv}, ""),
		"environment":        load(t, nil, []string{testEnv, "SSEACTOR_MAX_CLIENTS=7"}, ""),
		"file with dash":     load(t, []string{"--config=sse.conf"}, []string{testEnv}, "max-clients = 7"),
		"file with _":        load(t, nil, []string{testEnv, "SSEACTOR_CONFIG=sse.conf"}, "max_clients=7"),
	} {
		assert.Equal(t, 7, c.MaxClients, spelling)
	}
}

func TestAHigherLayerWins(t *testing.T) {
	env := []string{testEnv, "SSEACTOR_CONFIG=sse.conf"}
	tests := []struct {
		name string
		args []string
		env  []string
		file string
		want int
		from string
	}{
		{"the file wins over the default", nil, env, "max-clients=3", 3, "sse.conf:1"},
		{"the environment wins over the file", nil, append(env, "SSEACTOR_MAX_CLIENTS=2"), "max-clients=3", 2, "SSEACTOR_MAX_CLIENTS"},
		{"a flag wins over all", []string{"--max-clients=1"}, append(env, "SSEACTOR_MAX_CLIENTS=2"), "max-clients=3", 1, "--max-clients"},
		{"of two flags the later wins", []string{"--max-clients=1", "--max-clients=4"}, env, "", 4, "--max-clients"},
		{"a value that is overridden is not judged", []string{"--max-clients=1"}, append(env, "SSEACTOR_MAX_CLIENTS=x"), "max-clients=-1", 1, "--max-clients"},
		{"an explicit development in the file brings its defaults", nil, env, "mode = development", 15000, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := load(t, tt.args, tt.env, tt.file)
			assert.Equal(t, tt.want, c.MaxClients)
			var from string
			for _, ch := range c.changes {
				if ch.name == "max-clients" {
					from = ch.from
				}
			}
			assert.Equal(t, tt.from, from)
		})
	}
}

func TestAConfigFlagWinsOverItsVariable(t *testing.T) {
	c := load(t, []string{"--config", "sse.conf"}, []string{testEnv, "SSEACTOR_CONFIG=missing.conf"}, "retry = 5s")
	assert.Equal(t, "5s", showDuration(c.Retry))
	assert.Equal(t, "sse.conf", c.ConfigFile)
}

func TestAllFaultsComeTogether(t *testing.T) {
	got := faultsOf(t,
		[]string{"--max-client=3", "--addr", "8080", "stray", "--retry=5"},
		[]string{"SSEACTOR_CONFIG=sse.conf", "SSEACTOR_LOG_LEVEL=loud", "SSEACTOR_METRICS_TOKN=x", "SSEACTOR_SHUTDOWN_DELAY=30s", "PATH=/bin"},
		"max-clients = 0\nmax_clients = 1\nconfig = other\nno assignment\nlog-levl = info\n",
	)
	var short []string
	for _, f := range got {
		short = append(short, f.Setting+"|"+f.Source+"|"+f.Problem)
	}
	assert.Equal(t, []string{
		`|argument 1|"max-client" is not a setting`,
		`|argument 4|is not a flag`,
		`|SSEACTOR_METRICS_TOKN|this variable is not a setting`,
		`|sse.conf:4|has no =`,
		`max-clients|sse.conf:2|is set in line 1 already`,
		`config|sse.conf:3|can't be set in the file`,
		`|sse.conf:5|"log-levl" is not a setting`,
		`addr|--addr|"8080" is not host:port (an IPv6 host stands in brackets)`,
		`max-clients|sse.conf:1|"0" is less than 1`,
		`retry|--retry|"5" has no unit such as ms, s, m or h`,
		`log-level|SSEACTOR_LOG_LEVEL|"loud" is not an option`,
		`api-keys|default|none is set, and in production nobody could publish without one`,
		`shutdown-delay|SSEACTOR_SHUTDOWN_DELAY|shutdown-grace (20s, by default) is not more than shutdown-delay (30s, from SSEACTOR_SHUTDOWN_DELAY)`,
	}, short)
	for _, f := range got {
		assert.NotEmpty(t, f.Allowed+f.Fix, "%s says what to do", f.Problem)
	}
}

func TestAFaultSaysWhatIsAllowedAndHowToMendItWhereItWasMade(t *testing.T) {
	for source, got := range map[string][]Fault{
		"--max-clients=10000":        faultsOf(t, []string{"--max-clients=x"}, []string{testEnv}, ""),
		"SSEACTOR_MAX_CLIENTS=10000": faultsOf(t, nil, []string{testEnv, "SSEACTOR_MAX_CLIENTS=x"}, ""),
		"max-clients = 10000":        faultsOf(t, []string{"--config=sse.conf"}, []string{testEnv}, "max-clients=x"),
	} {
		require.Len(t, got, 1)
		assert.Equal(t, "1 to 10000000", got[0].Allowed)
		assert.Equal(t, "for example "+source, got[0].Fix)
	}
}

func TestTheModeComesFirstWhereverItStandsInTheTable(t *testing.T) {
	c := new(Config)
	l := newLoader(c)
	slices.Reverse(l.settings)
	require.NoError(t, l.readFlags([]string{"--mode=development", "--heartbeat-interval=200ms"}))
	l.apply()
	assert.Empty(t, l.faults)
	assert.Equal(t, 15000, c.MaxClients)
	assert.PanicsWithValue(t, "config: a field has no setting", func() { l.of(new(string)) })
}

func TestHelpIsAskedForByFlag(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-help"}, {"--nonsense", "--help"}} {
		_, err := Load(args, nil, fileOf(""))
		assert.ErrorIs(t, err, flag.ErrHelp, "%q", args)
	}
}

func TestFlags(t *testing.T) {
	dev := "--mode=development"
	t.Run("a bool alone is true and takes no argument", func(t *testing.T) {
		c := load(t, []string{"--pprof", "--metrics-addr=:9090"}, []string{testEnv}, "")
		assert.True(t, c.Pprof)
		assert.False(t, load(t, []string{dev, "--pprof=false"}, nil, "").Pprof)
		got := faultsOf(t, []string{dev, "--pprof", "false"}, nil, "")
		assert.Equal(t, "argument 3", got[0].Source)
	})
	t.Run("a forgotten value does not swallow the next flag", func(t *testing.T) {
		got := faultsOf(t, []string{"--metrics-token", dev, "--addr"}, nil, "")
		require.Len(t, got, 2)
		assert.Equal(t, []string{"metrics-token", "has no value"}, []string{got[0].Setting, got[0].Problem})
		assert.Equal(t, []string{"addr", "has no value"}, []string{got[1].Setting, got[1].Problem})
	})
	t.Run("a value may begin with a dash", func(t *testing.T) {
		c := load(t, []string{dev, "--metrics-token", "-0123456789abcdef"}, nil, "")
		assert.Equal(t, "-0123456789abcdef", c.MetricsToken.Reveal())
	})
	t.Run("the value of an unknown flag is no second fault", func(t *testing.T) {
		assert.Len(t, faultsOf(t, []string{dev, "--nonsense", "5"}, nil, ""), 1)
	})
	t.Run("lone dashes and empty arguments are faults", func(t *testing.T) {
		assert.Len(t, faultsOf(t, []string{dev, "-", "--", "", "--=x"}, nil, ""), 4)
	})
}

func TestEnvironment(t *testing.T) {
	dev := "SSEACTOR_MODE=development"
	t.Run("variables of Kubernetes services are not taken for settings", func(t *testing.T) {
		load(t, nil, []string{
			dev, "SSEACTOR_SERVICE_HOST=10.0.0.1", "SSEACTOR_SERVICE_PORT=80", "SSEACTOR_SERVICE_PORT_HTTP=80",
			"SSEACTOR_PORT=tcp://10.0.0.1:80", "SSEACTOR_PORT_80_TCP=tcp://10.0.0.1:80", "SSEACTOR_PORT_80_TCP_ADDR=10.0.0.1",
			"SSEACTOR_PORT_80_TCP_PROTO=tcp", "SSEACTOR_PORT_80_TCP_PORT=80", "SSEACTOR_ADMIN_SERVICE_HOST=10.0.0.2",
		}, "")
	})
	t.Run("a port meant as a setting is a fault", func(t *testing.T) {
		assert.Len(t, faultsOf(t, nil, []string{dev, "SSEACTOR_PORT=8080"}, ""), 1)
	})
	t.Run("a variable given twice is a fault", func(t *testing.T) {
		got := faultsOf(t, nil, []string{dev, "SSEACTOR_RETRY=1s", "SSEACTOR_RETRY=2s"}, "")
		assert.Equal(t, "is in the environment twice", got[0].Problem)
	})
	t.Run("blanks around a value are dropped", func(t *testing.T) {
		c := load(t, nil, []string{dev, "SSEACTOR_METRICS_TOKEN=0123456789abcdef\n"}, "")
		assert.Equal(t, "0123456789abcdef", c.MetricsToken.Reveal())
	})
	t.Run("an empty variable unsets what may be unset and is a fault elsewhere", func(t *testing.T) {
		assert.Empty(t, load(t, nil, []string{dev, "SSEACTOR_PUBLIC_TOPICS=", "SSEACTOR_CONFIG="}, "").PublicTopics)
		for _, name := range []string{"ADDR", "MAX_CLIENTS", "RETRY", "OUTBOX_BYTES", "PPROF", "LOG_LEVEL"} {
			got := faultsOf(t, nil, []string{dev, "SSEACTOR_" + name + "="}, "")
			assert.Equal(t, "is empty", got[0].Problem, name)
		}
	})
}

func TestNothingIsJudgedByWhatCouldNotBeRead(t *testing.T) {
	t.Run("a file that is missing may have held the keys and the mode", func(t *testing.T) {
		got := faultsOf(t, []string{"--config=nowhere", "--heartbeat-interval=200ms", "--retry=x"}, nil, "")
		require.Len(t, got, 2)
		assert.Equal(t, `the file "nowhere" can't be read: file does not exist`, got[0].Problem)
		assert.Equal(t, "retry", got[1].Setting)
	})
	t.Run("a misspelt name was meant to be set", func(t *testing.T) {
		assert.Len(t, faultsOf(t, nil, []string{"SSEACTOR_API_KEY=app:" + testKey}, ""), 1)
	})
	t.Run("a misspelt name of the file may have brought any setting", func(t *testing.T) {
		assert.Len(t, faultsOf(t, []string{"--confg=sse.conf"}, nil, ""), 1)
	})
	t.Run("a misspelt name beside the right one leaves that to be judged", func(t *testing.T) {
		assert.Len(t, faultsOf(t, []string{"--api-key=x"}, []string{"SSEACTOR_API_KEYS=short"}, ""), 2)
	})
	t.Run("a wrong mode is neither of the two", func(t *testing.T) {
		assert.Len(t, faultsOf(t, []string{"--mode=prod", "--heartbeat-interval=200ms"}, nil, ""), 1)
	})
	t.Run("a path that could not be printed is not opened", func(t *testing.T) {
		got := faultsOf(t, []string{"--config=a\nb"}, nil, "")
		require.Len(t, got, 1)
		assert.Equal(t, `"a\nb" has a control character`, got[0].Problem)
	})
}
