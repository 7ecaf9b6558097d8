package auth_test

import (
	"context"
	"fmt"

	"github.com/sseactor/sseactor/transport/auth"
)

func Example() {
	who := auth.Chain{auth.NewKeys([]auth.Key{
		{Name: "app", Secret: "sse_0123456789abcdef", Scopes: []auth.Scope{auth.Publish}},
	})}
	policy := auth.Policy{PublicTopics: []string{"news.*"}}

	id, _, err := who.Authenticate(context.Background(), auth.Credentials{Authorization: "Bearer sse_0123456789abcdef"})
	fmt.Println(id.Service, id.May(auth.Publish), id.May(auth.Admin), err)
	fmt.Println(policy.MaySubscribe(id, "news.eu"), policy.MaySubscribe(id, "orders"))

	_, _, err = who.Authenticate(context.Background(), auth.Credentials{Authorization: "Bearer guess"})
	fmt.Println(err)
	// Output:
	// app true false <nil>
	// true false
	// auth: the credentials are not accepted
}
