package transport

import (
	"errors"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

func badQuery(field string, err error) *problem {
	return &problem{Status: 400, Code: "INVALID_REQUEST", Field: field, Detail: field + ": " + err.Error()}
}

// atMostOnce checks that parameters that have one value are given once: to take the
// first would be to guess.
func atMostOnce(args *fasthttp.Args, names ...string) *problem {
	for _, name := range names {
		if len(args.PeekMulti(name)) > 1 {
			return badQuery(name, errors.New("given more than once"))
		}
	}
	return nil
}

// onlyParameters checks that there are no others than these, each at most once.
func onlyParameters(args *fasthttp.Args, names ...string) (refused *problem) {
	for name := range args.All() {
		if !slices.Contains(names, string(name)) {
			allowed := strings.Join(names, ", ")
			if len(names) == 0 {
				allowed = "none"
			}
			return badQuery("query", errors.New("a parameter that is not known here; allowed: "+allowed))
		}
	}
	return atMostOnce(args, names...)
}

// wellFormed checks a query's percent-encoding, of which fasthttp would take what is
// wrong as it stands.
func wellFormed(query []byte) *problem {
	for i, c := range query {
		if c == '%' && (i+2 >= len(query) || !isHex(query[i+1]) || !isHex(query[i+2])) {
			return badQuery("query", errors.New("a % that is not followed by two hexadecimal digits"))
		}
	}
	return nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
