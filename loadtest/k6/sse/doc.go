// Package sse is the k6 extension k6/x/sse: Server-Sent Events for k6 scripts.
//
//	import sse from 'k6/x/sse';
//	import { check } from 'k6';
//
//	export default function () {
//	  const response = sse.open('http://localhost:8080/api/sse?sessionId=demo', function (client) {
//	    client.on('open', () => console.log('open'));
//	    client.on('event', (event) => {
//	      console.log(event.name, event.data, event.id, event.comment);
//	      client.close();
//	    });
//	    client.on('error', (e) => console.error(e.error()));
//	  });
//	  check(response, { 'status is 200': (r) => r.status === 200 });
//	}
//
// The API is that of the public extension, phymbert/xk6-sse, so that a script runs
// with either:
//
//	sse.open(url, [params], setup)  holds the stream; returns when it has ended
//	  params.method, .body          GET and nothing by default
//	  params.headers, .tags         objects
//	  params.jar                    an http.CookieJar; the VU's own by default
//	  params.timeout                most time for the whole stream: '90s', or milliseconds
//	  returns                       {url, status, headers, error}
//	client.on(name, handler)        'open', 'event' or 'error'
//	client.close()                  ends the stream
//
// open calls setup once there is a response, and then the handlers, all on the
// VU's own goroutine: while a handler runs or sleeps, nothing is read, as with a
// consumer that is too slow. A stream ends when the server ends it, at close, at
// the timeout and when k6 stops the VU.
//
// Metrics: sse_event counts events; a stream counts once, when it has ended, in
// http_reqs and with its whole life in http_req_duration. http_req_waiting is the
// time until the response's headers.
//
// Streams are parsed as WHATWG HTML 9.2.6 says, and so where this extension differs
// from the public one: a block without data (a comment alone, a retry alone) fires
// nothing; all three line endings count; an id with NUL, unknown fields and an
// event that is cut off are ignored. An answer that is no event stream is an error
// and gives no events. event.id and event.name are what the block itself said,
// empty if nothing.
package sse
