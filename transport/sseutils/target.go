package sseutils

import (
	"fmt"
	"slices"
)

// Target says whose streams are meant. Several of one call mean all that they name
// together; only where Clients are given the others are not looked at.
type Target struct {
	to  Receivers
	err *Error
}

// Receivers is what a Target names.
type Receivers struct {
	UserID    string   `json:"userId,omitempty"`
	SessionID string   `json:"sessionId,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	ClientIDs []string `json:"clientIds,omitempty"`
}

// User means the streams of a user.
func User(id string) Target { return Target{Receivers{UserID: id}, nonEmpty("userId", id)} }

// Session means the streams of a sessionId.
func Session(id string) Target { return Target{Receivers{SessionID: id}, nonEmpty("sessionId", id)} }

// Topics means the streams that have subscribed to one of these.
func Topics(names ...string) Target {
	return Target{Receivers{Topics: slices.Clone(names)}, nonEmptyList("topics", names)}
}

// Clients means single streams, by the clientId of their connection event.
func Clients(ids ...string) Target {
	return Target{Receivers{ClientIDs: slices.Clone(ids)}, nonEmptyList("clientIds", ids)}
}

// Resolve gives what targets name together, nothing for none of them. One that is empty
// is an error: to leave it out would mean everybody.
func Resolve(targets ...Target) (Receivers, error) {
	var all Target
	for _, t := range targets {
		all.add(t)
	}
	if all.err != nil {
		return Receivers{}, all.err
	}
	return all.to, nil
}

// add makes t mean what more means as well. Of several errors the first is kept.
func (t *Target) add(more Target) {
	one := func(field string, to *string, id string) {
		if id == "" {
			return
		}
		if *to != "" && *to != id && t.err == nil {
			t.err = invalid(field, "given twice; send it to each in a call of its own, or to a topic")
		}
		*to = id
	}
	if t.err == nil {
		t.err = more.err
	}
	one("userId", &t.to.UserID, more.to.UserID)
	one("sessionId", &t.to.SessionID, more.to.SessionID)
	t.to.Topics = append(t.to.Topics, more.to.Topics...)
	t.to.ClientIDs = append(t.to.ClientIDs, more.to.ClientIDs...)
}

func nonEmpty(field, id string) *Error {
	if id == "" {
		return invalid(field, "empty; leave it out to send to everybody")
	}
	return nil
}

func nonEmptyList(field string, ids []string) *Error {
	if len(ids) == 0 {
		return invalid(field, "empty; leave it out to send to everybody")
	}
	if i := slices.Index(ids, ""); i >= 0 {
		return invalid(fmt.Sprintf("%s[%d]", field, i), "empty; leave it out")
	}
	return nil
}
