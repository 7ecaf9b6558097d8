package actor

import "time"

// extra is what only some clients need: the others have a pointer to nothing. The hub
// sets it until the client is registered; from then on it does not change.
type extra struct {
	wants   []string // the topics it asks for, until it is registered
	network string   // counts as one address; empty: is not counted
	expires int64    // milliseconds since the Unix epoch at which its session ends; zero: never
}

// extraOf gives what info needs, nil for nothing.
func extraOf(info Info) *extra {
	x := extra{network: info.Network}
	if len(info.Topics) > 0 {
		x.wants = info.Topics
	}
	if !info.Expires.IsZero() {
		x.expires = max(info.Expires.UnixMilli(), 1) // whatever is as long ago has passed
	}
	if x.wants == nil && x.network == "" && x.expires == 0 {
		return nil
	}
	return &x
}

// registered is what is left of x when the client has its topics.
func (x *extra) registered() *extra {
	x.wants = nil
	if x.network == "" && x.expires == 0 {
		return nil
	}
	return x
}

// network is what c counts for as an address; empty: it is not counted.
func (c *Client) network() string {
	if c.extra == nil {
		return ""
	}
	return c.extra.network
}

// expires is when c's session ends, in milliseconds since the Unix epoch; zero: never.
func (c *Client) expires() int64 {
	if c.extra == nil {
		return 0
	}
	return c.extra.expires
}

// expiry is the same as a time.
func (x *extra) expiry() time.Time {
	if x.expires == 0 {
		return time.Time{}
	}
	return time.UnixMilli(x.expires).UTC()
}
