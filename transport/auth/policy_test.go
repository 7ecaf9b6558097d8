package auth

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parsed reads patterns that are known to be right.
func parsed(texts ...string) []Pattern {
	patterns, err := ParsePatterns(texts)
	if err != nil {
		panic(err)
	}
	return patterns
}

func TestMaySubscribe(t *testing.T) {
	visitor, publisher, operator := Identity{}, Identity{Service: "app", Scopes: []Scope{Publish, Metrics}}, Identity{Service: "ops", Scopes: []Scope{Admin}}
	seven := Identity{UserID: "7"}
	named := Identity{UserID: "7", Reads: Reach{Topics: parsed("orders.*", "stock")}}
	public := func(texts ...string) Policy { return Policy{PublicTopics: parsed(texts...)} }
	users := func(texts ...string) Policy { return Policy{UserTopics: parsed(texts...)} }
	for sentence, c := range map[string]struct {
		policy Policy
		who    Identity
		topic  string
		want   bool
	}{
		"nothing is public by default":                     {Policy{}, visitor, "news", false},
		"a named topic":                                    {public("scores", "news"), visitor, "news", true},
		"a topic that begins with a named one":             {public("news"), visitor, "news.eu", false},
		"a topic that ends with a named one":               {public("news"), visitor, "my-news", false},
		"capitals are other letters":                       {public("news"), visitor, "News", false},
		"a topic under a prefix":                           {public("news.*"), visitor, "news.eu", true},
		"the prefix itself":                                {public("news.*"), visitor, "news.", true},
		"what comes before the prefix's end":               {public("news.*"), visitor, "news", false},
		"another topic that begins alike":                  {public("news.*"), visitor, "newsflash", false},
		"an asterisk lets every topic through":             {public("*"), visitor, "anything", true},
		"not even it is for no topic":                      {public("*"), visitor, "", false},
		"a pattern is taken as it is, not as a glob":       {public("n?ws"), visitor, "news", false},
		"a publisher is a visitor here":                    {public("news"), publisher, "orders", false},
		"a publisher may read what is public":              {public("news"), publisher, "news", true},
		"the scope admin may read all":                     {Policy{}, operator, "orders", true},
		"a signed-in user has no more than the policy":     {public("news"), seven, "orders", false},
		"a signed-in user may read what is public":         {public("news"), seven, "news", true},
		"what the credentials name":                        {Policy{}, named, "stock", true},
		"what the credentials name by its beginning":       {Policy{}, named, "orders.8", true},
		"what the credentials do not name":                 {Policy{}, named, "orders", false},
		"a topic for users":                                {users("members"), seven, "members", true},
		"a topic for users is not for visitors":            {users("members"), visitor, "members", false},
		"a topic for users is not for services":            {users("members"), publisher, "members", false},
		"the own topic":                                    {users("user.{userId}"), seven, "user.7", true},
		"somebody else's topic":                            {users("user.{userId}"), seven, "user.8", false},
		"the place itself is nobody's id":                  {users("user.{userId}"), seven, "user.{userId}", false},
		"a visitor has no own topic":                       {users("user.{userId}"), visitor, "user.", false},
		"a topic below the own":                            {users("user.{userId}.*"), seven, "user.7.orders", true},
		"a topic below somebody's whose id begins alike":   {users("user.{userId}.*"), seven, "user.77.orders", false},
		"the id behind the place":                          {users("{userId}/inbox"), seven, "7/inbox", true},
		"a public pattern has no place":                    {public("user.{userId}"), seven, "user.7", false},
		"a beginning that ends at the id has no end to it": {users("user.{userId}*"), seven, "user.77", false},
	} {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, c.policy.MaySubscribe(c.who, c.topic)) })
	}
}

// Users choose their names in many apps, and an attacker chooses with care.
func TestAnIdThatLooksAlikeIsAnotherUser(t *testing.T) {
	policy := Policy{UserTopics: parsed("user.{userId}", "user.{userId}.*"), UserSends: UserSendsOwn, UserSendsTopics: parsed("from.{userId}.*")}
	for sentence, id := range map[string]string{
		"capitals":                        "Ann",
		"a Cyrillic a":                    "аnn",
		"full-width letters":              "ａｎｎ",
		"a combining mark":                "ann\u0301",
		"a zero-width space":              "ann\u200b",
		"a NUL behind it":                 "ann\x00",
		"a NUL within":                    "a\x00nn",
		"a space behind it":               "ann ",
		"a line end behind it":            "ann\n",
		"percent-encoding":                "%61nn",
		"its beginning":                   "an",
		"nothing":                         "",
		"an asterisk":                     "*",
		"its beginning and an asterisk":   "an*",
		"the place of an id":              "{userId}",
		"its beginning and a separator":   "ann.",
		"a user below it":                 "ann.b",
		"overlong":                        strings.Repeat("ann", 1000),
		"overlong UTF-8 of the letter a":  "\xc1\xa1nn",
		"the id of somebody below a user": "ann.b.c",
	} {
		t.Run(sentence, func(t *testing.T) {
			attacker := Identity{UserID: id}
			assert.False(t, policy.MayReadUser(attacker, "ann"))
			for _, topic := range []string{"user.ann", "user.ann.b", "user.ann.b.c", "user.ann.", "user.ann.*"} {
				if topic != "user."+id {
					assert.False(t, policy.MaySubscribe(attacker, topic), topic)
				}
			}
			assert.Error(t, policy.MaySend(attacker, "message", Addressees{UserID: "ann"}))
			for _, topic := range []string{"from.ann.x", "from.ann.b.x"} {
				assert.Error(t, policy.MaySend(attacker, "message", Addressees{Topics: []string{topic}}), topic)
			}
		})
	}
}

// "user.7.8" is below the user 7's own topics, so it can't be the own one of another.
func TestAnIdThatHoldsASeparatorHasNoTopicOfItsOwn(t *testing.T) {
	policy := Policy{
		UserTopics:      parsed("user.{userId}", "user.{userId}.*", "members"),
		UserSendsTopics: parsed("room/{userId}/*", "room/{userId}"),
	}
	assert.True(t, policy.MaySubscribe(Identity{UserID: "7"}, "user.7.8"))
	assert.True(t, policy.MaySubscribe(Identity{UserID: "7"}, "user.7"))
	for _, id := range []string{"7.8", "7.", ".7", ".", "7/8"} {
		t.Run(id, func(t *testing.T) {
			who := Identity{UserID: id}
			assert.False(t, policy.MaySubscribe(who, "user."+id))
			assert.False(t, policy.MaySubscribe(who, "user."+id+".x"))
			assert.Error(t, policy.MaySend(who, "", Addressees{Topics: []string{"room/" + id}}))
			assert.Error(t, policy.MaySend(who, "", Addressees{Topics: []string{"room/" + id + "/x"}}))
			assert.True(t, policy.MaySubscribe(who, "members"), "what has no place for an id is for every user")
		})
	}
}

// Users choose their names, and one may be a word of the operator's.
func TestAnIdThatIsAWordOfAnotherPatternHasNoTopicOfItsOwn(t *testing.T) {
	exact := Policy{UserTopics: parsed("user.{userId}", "user.private.{userId}")}
	open := Policy{UserTopics: parsed("user.{userId}.*"), UserSendsTopics: parsed("user.private.{userId}")}
	for sentence, c := range map[string]struct {
		policy    Policy
		id, topic string
		want      bool
	}{
		"the user's own":                            {exact, "7", "user.7", true},
		"the user's own private one":                {exact, "7", "user.private.7", true},
		"a user named to be another":                {exact, "private.7", "user.private.7", false},
		"a user named so has none at all":           {exact, "private.7", "user.private.private.7", false},
		"a user of that word alone has what is its": {exact, "private", "user.private", true},
		"a user of its first letters has its own":   {exact, "priv", "user.priv", true},
		"a user of that word, and what is below":    {open, "private", "user.private.7", false},
		"another user, and what is below":           {open, "priv", "user.priv.7", true},
		"by the other pattern":                      {open, "7", "user.7.private", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Equal(t, c.want, c.policy.MaySubscribe(Identity{UserID: c.id}, c.topic))
		})
	}
}

func TestWithNothingBelowAnIdEveryIdHasItsTopic(t *testing.T) {
	policy := Policy{UserTopics: parsed("user.{userId}", "news.*")}
	assert.True(t, policy.MaySubscribe(Identity{UserID: "ann@example.com"}, "user.ann@example.com"))
	assert.False(t, policy.MaySubscribe(Identity{UserID: "ann@example"}, "user.ann@example.com"))
}

func TestMayReadUser(t *testing.T) {
	for sentence, c := range map[string]struct {
		who  Identity
		user string
		want bool
	}{
		"the own stream":                       {Identity{UserID: "7"}, "7", true},
		"somebody else's":                      {Identity{UserID: "7"}, "8", false},
		"a visitor, anybody's":                 {Identity{}, "7", false},
		"a visitor, nobody's":                  {Identity{}, "", false},
		"the scope admin, anybody's":           {Identity{Scopes: []Scope{Admin}}, "7", true},
		"the other scopes, nobody's":           {Identity{Service: "app", Scopes: []Scope{Publish, Metrics}}, "7", false},
		"a service of the user's name":         {Identity{Service: "7"}, "7", false},
		"a user that the credentials name":     {Identity{Reads: Reach{Users: parsed("7")}}, "7", true},
		"users that the credentials name":      {Identity{Reads: Reach{Users: parsed("eu-*")}}, "eu-7", true},
		"one that they do not name":            {Identity{Reads: Reach{Users: parsed("eu-*")}}, "us-7", false},
		"a topic of the user's name":           {Identity{Reads: Reach{Topics: parsed("7")}}, "7", false},
		"all users are not the one without id": {Identity{Reads: Reach{Users: parsed("*")}}, "", false},
	} {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, Policy{}.MayReadUser(c.who, c.user)) })
	}
}

func TestMayReadSession(t *testing.T) {
	who := Identity{Reads: Reach{Sessions: parsed("abc", "tmp-*")}}
	for session, want := range map[string]bool{"abc": true, "tmp-1": true, "ABC": false, "abcd": false, "": false, "abc\x00": false} {
		assert.Equal(t, want, who.NamesSession(session), "%q", session)
	}
	assert.False(t, Identity{}.NamesSession("abc"))
}

func TestOnlySession(t *testing.T) {
	for want, sessions := range map[string][]Pattern{"": nil, "abc": parsed("abc"), "a*": {Exactly("a*")}} {
		assert.Equal(t, want, Identity{Reads: Reach{Sessions: sessions}}.OnlySession())
	}
	assert.Empty(t, Identity{Reads: Reach{Sessions: parsed("a", "b")}}.OnlySession(), "several")
	assert.Empty(t, Identity{Reads: Reach{Sessions: parsed("a*")}}.OnlySession(), "any that begins so")
}

func TestMaySend(t *testing.T) {
	visitor, seven, reader, operator := Identity{}, Identity{UserID: "7"}, Identity{Service: "r", Scopes: []Scope{Metrics}}, Identity{Service: "ops", Scopes: []Scope{Admin}}
	publisher := Identity{Service: "app", Scopes: []Scope{Publish}}
	bound := func(s *Sends) Identity { return Identity{Service: "app", Scopes: []Scope{Publish}, Sends: s} }
	orders := bound(NewSends(parsed("orders.*"), parsed("7"), parsed("s"), nil))
	created := bound(NewSends(nil, nil, nil, parsed("order.*")))
	nobody := bound(&Sends{To: &Reach{}})

	nothing, own, anything := Policy{}, Policy{UserSends: UserSendsOwn}, Policy{UserSends: UserSendsAnything}
	chat := Policy{UserSends: UserSendsNothing, UserSendsTopics: parsed("chat", "from.{userId}.*")}
	both := Policy{UserSends: UserSendsOwn, UserSendsTopics: chat.UserSendsTopics}

	all, user7, user8, session := Addressees{}, Addressees{UserID: "7"}, Addressees{UserID: "8"}, Addressees{SessionID: "s"}
	stream := Addressees{ClientIDs: []string{"c"}}
	topics := func(names ...string) Addressees { return Addressees{Topics: names} }
	const yes, everybody = "yes", "" // else the field that is denied
	for sentence, c := range map[string]struct {
		policy Policy
		who    Identity
		event  string
		to     Addressees
		want   string
	}{
		"a visitor, to everybody":                        {anything, visitor, "e", all, everybody},
		"a visitor, to a user":                           {anything, visitor, "e", user7, everybody},
		"a key with another scope":                       {anything, reader, "e", user7, everybody},
		"an administrator who is no publisher":           {anything, operator, "e", all, everybody},
		"a publisher, to everybody":                      {nothing, publisher, "e", all, yes},
		"a publisher, to a stream":                       {nothing, publisher, "e", stream, yes},
		"a user, by default":                             {nothing, seven, "e", user7, everybody},
		"a user, to nobody else, by a policy unknown":    {Policy{UserSends: "?"}, seven, "e", user7, everybody},
		"a user, to the own user":                        {own, seven, "e", user7, yes},
		"a user, to another":                             {own, seven, "e", user8, "userId"},
		"a user, to everybody":                           {own, seven, "e", all, everybody},
		"a user, to a session":                           {own, seven, "e", session, "sessionId"},
		"a user, to a stream":                            {own, seven, "e", stream, "clientIds"},
		"a user, to a topic":                             {own, seven, "e", topics("chat"), "topics[0]"},
		"a user, to a topic for users":                   {chat, seven, "e", topics("chat"), yes},
		"a user, to the own topic":                       {chat, seven, "e", topics("from.7.x"), yes},
		"a user, to another's topic":                     {chat, seven, "e", topics("from.8.x"), "topics[0]"},
		"a user, to topics of which one is another's":    {chat, seven, "e", topics("chat", "from.7.x", "from.8.x"), "topics[2]"},
		"a user, to the own user where only topics are":  {chat, seven, "e", user7, "userId"},
		"a user, to the own user and a topic":            {both, seven, "e", Addressees{UserID: "7", Topics: []string{"chat"}}, yes},
		"a user, to the own user and another's topic":    {both, seven, "e", Addressees{UserID: "7", Topics: []string{"x"}}, "topics[0]"},
		"a user, to another beside a topic":              {both, seven, "e", Addressees{UserID: "8", Topics: []string{"chat"}}, "userId"},
		"a user who may do anything, to everybody":       {anything, seven, "e", all, yes},
		"a user who may do anything, to a stream":        {anything, seven, "e", stream, yes},
		"a bound publisher, to a topic of its own":       {nothing, orders, "e", topics("orders.1"), yes},
		"a bound publisher, to another topic":            {nothing, orders, "e", topics("orders.1", "stock"), "topics[1]"},
		"a bound publisher, to a user of its own":        {nothing, orders, "e", user7, yes},
		"a bound publisher, to another user":             {nothing, orders, "e", user8, "userId"},
		"a bound publisher, to a session of its own":     {nothing, orders, "e", session, yes},
		"a bound publisher, to another session":          {nothing, orders, "e", Addressees{SessionID: "S"}, "sessionId"},
		"a bound publisher, to everybody":                {nothing, orders, "e", all, everybody},
		"a bound publisher, to a stream":                 {nothing, orders, "e", stream, "clientIds"},
		"the policy for users widens no bound":           {anything, orders, "e", all, everybody},
		"a publisher of some events, one of them":        {nothing, created, "order.created", all, yes},
		"a publisher of some events, another":            {nothing, created, "alert", all, "event"},
		"a publisher of some events, one without a name": {nothing, created, "", all, "event"},
		"a publisher of messages, one without a name":    {nothing, bound(NewSends(nil, nil, nil, parsed("message"))), "", all, yes},
		"a publisher to nobody, to everybody":            {nothing, nobody, "e", all, everybody},
		"a publisher to nobody, to a user":               {nothing, nobody, "e", user7, "userId"},
		"a publisher to nobody, to a topic":              {nothing, nobody, "e", topics("t"), "topics[0]"},
		"a user with a key's bounds has them":            {anything, Identity{UserID: "7", Scopes: []Scope{Publish}, Sends: &Sends{To: &Reach{}}}, "e", user7, "userId"},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := c.policy.MaySend(c.who, c.event, c.to)
			if c.want == yes {
				assert.NoError(t, err)
				return
			}
			var denied *Denied
			require.ErrorAs(t, err, &denied)
			assert.Equal(t, c.want, denied.Field)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

func TestMay(t *testing.T) {
	for sentence, c := range map[string]struct {
		policy Policy
		who    Identity
		scope  Scope
		want   bool
	}{
		"a scope that is there":                    {Policy{}, Identity{Scopes: []Scope{Metrics}}, Metrics, true},
		"a scope that is not":                      {Policy{}, Identity{Scopes: []Scope{Metrics}}, Admin, false},
		"a visitor may not publish":                {Policy{UserSends: UserSendsAnything}, Identity{}, Publish, false},
		"a user may not by default":                {Policy{}, Identity{UserID: "7"}, Publish, false},
		"a user may if the policy says so":         {Policy{UserSends: UserSendsOwn}, Identity{UserID: "7"}, Publish, true},
		"a user may to topics":                     {Policy{UserSendsTopics: parsed("chat")}, Identity{UserID: "7"}, Publish, true},
		"a user is no administrator by any policy": {Policy{UserSends: UserSendsAnything}, Identity{UserID: "7"}, Admin, false},
		"a user reads no metrics by any policy":    {Policy{UserSends: UserSendsAnything}, Identity{UserID: "7"}, Metrics, false},
	} {
		t.Run(sentence, func(t *testing.T) { assert.Equal(t, c.want, c.policy.May(c.who, c.scope)) })
	}
}

func TestScopesListsAll(t *testing.T) {
	assert.ElementsMatch(t, []Scope{Publish, Metrics, Admin}, Scopes())
}

// Whatever the patterns and the users' ids are, no topic is read or sent to by two users
// for their ids' sake.
func TestNoTopicIsTwoUsers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 4))
	text := func(most int) string {
		var b strings.Builder
		for range random.IntN(most + 1) {
			b.WriteByte("ab."[random.IntN(3)])
		}
		return b.String()
	}
	given := 0
	for range 100_000 {
		var p Policy
		for range 1 + random.IntN(3) {
			pattern := text(3) + userPlace + text(3)
			if random.IntN(2) == 0 {
				pattern += "*"
			}
			if random.IntN(3) == 0 {
				p.UserSendsTopics = append(p.UserSendsTopics, parsed(pattern)...)
			} else {
				p.UserTopics = append(p.UserTopics, parsed(pattern)...)
			}
		}
		topic := text(8)
		owner := ""
		for range 8 {
			user := Identity{UserID: text(4)}
			if user.UserID == "" || !p.MaySubscribe(user, topic) && p.MaySend(user, "", Addressees{Topics: []string{topic}}) != nil {
				continue
			}
			given++
			require.True(t, owner == "" || owner == user.UserID, "%v, %v: %q is %q's and %q's", p.UserTopics, p.UserSendsTopics, topic, owner, user.UserID)
			owner = user.UserID
		}
	}
	assert.Greater(t, given, 1000, "it is no proof of nothing")
}

func TestOrdinaryPatternsGiveOrdinaryUsersWhatIsTheirs(t *testing.T) {
	p := Policy{UserTopics: parsed("user:{userId}", "user:{userId}:*", "inbox/{userId}", "all"), UserSendsTopics: parsed("room/{userId}")}
	for _, user := range []string{"7", "cm3x1", "550e8400-e29b-41d4-a716-446655440000", "ann@example.com", "Ann Lee", "auth0|7", "users"} {
		who := Identity{UserID: user}
		for _, topic := range []string{"user:" + user, "user:" + user + ":a", "user:" + user + ":a:b", "inbox/" + user, "all"} {
			assert.True(t, p.MaySubscribe(who, topic), "%s: %s", user, topic)
			assert.Equal(t, topic == "all", p.MaySubscribe(Identity{UserID: "8"}, topic), "another: %s", topic)
		}
		assert.NoError(t, p.MaySend(who, "", Addressees{Topics: []string{"room/" + user}}))
	}
}

// Who may send to somebody may say for it what it has had.
func TestSendsToUserAndSession(t *testing.T) {
	bounded := func(s Sends) Identity { return Identity{Service: "s", Scopes: []Scope{Publish}, Sends: &s} }
	for sentence, c := range map[string]struct {
		who           Identity
		user, session bool
	}{
		"a visitor":                             {Identity{}, false, false},
		"a signed-in user, by its own right":    {Identity{UserID: "7"}, false, false},
		"a service without the scope":           {Identity{Service: "s", Scopes: []Scope{Metrics, Admin}}, false, false},
		"a service with it":                     {Identity{Service: "s", Scopes: []Scope{Publish}}, true, true},
		"one that is bounded in events alone":   {bounded(Sends{Events: parsed("order.*")}), true, true},
		"one that is bounded to topics":         {bounded(Sends{To: &Reach{Topics: parsed("*")}}), false, false},
		"one that is bounded to this user":      {bounded(Sends{To: &Reach{Users: parsed("7")}}), true, false},
		"one that is bounded to these sessions": {bounded(Sends{To: &Reach{Sessions: parsed("kiosk-*")}}), false, true},
		"one that is bounded to other users":    {bounded(Sends{To: &Reach{Users: parsed("8"), Sessions: parsed("desk")}}), false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			assert.Equal(t, c.user, c.who.SendsToUser("7"))
			assert.Equal(t, c.session, c.who.SendsToSession("kiosk-1"))
		})
	}
}
