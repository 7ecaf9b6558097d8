package wire_test

import (
	"fmt"

	"github.com/sseactor/sseactor/transport/wire"
)

func ExampleDecode() {
	limits := wire.Limits{EventBytes: 64 << 10, Events: 1000, Topics: 64, ClientIDs: 1000}

	items, _, err := wire.Decode([]byte(`{"event":"update","data":{ "order": 7 },"topics":["orders"]}`), limits)
	fmt.Println(items[0].Event.Name, items[0].Event.Data, items[0].Target.Topics, err)

	_, _, err = wire.Decode([]byte(`[{"data":1},{"data":2,"topics":[]}]`), limits)
	fmt.Println(err)
	// Output:
	// update {"order":7} [orders] <nil>
	// [1].topics: empty; leave the field out to send to everybody
}
