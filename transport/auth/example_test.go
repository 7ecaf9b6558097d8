package auth_test

import (
	"context"
	"fmt"

	"github.com/sseactor/sseactor/transport/auth"
)

func Example() {
	who := auth.Chain{auth.NewKeys([]auth.Key{
		{Name: "app", Hash: auth.HashKey("sse_0123456789abcdef"), Scopes: []auth.Scope{auth.Publish}},
	})}
	public, _ := auth.ParsePatterns([]string{"news.*"})
	policy := auth.Policy{PublicTopics: public}

	id, _, err := who.Authenticate(context.Background(), auth.Credentials{Authorization: "Bearer sse_0123456789abcdef"})
	fmt.Println(id.Service, id.Has(auth.Publish), id.Has(auth.Admin), err)
	fmt.Println(policy.MaySubscribe(id, "news.eu"), policy.MaySubscribe(id, "orders"))

	_, _, err = who.Authenticate(context.Background(), auth.Credentials{Authorization: "Bearer guess"})
	fmt.Println(err)
	// Output:
	// app true false <nil>
	// true false
	// auth: the credentials are not accepted
}
