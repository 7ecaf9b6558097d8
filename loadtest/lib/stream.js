// A stream that checks what it receives. k6/x/sse blocks while it is open, so that
// each VU holds one.

import sse from 'k6/x/sse';
import { sleep } from 'k6';
import { events, streams } from './metrics.js';
import { readTag } from './tag.js';
import { Tally } from './tally.js';

// The names of the events that a test sends. Its streams ignore all others.
export const LOAD = 'load';
export const STORM = 'load-storm';
export const STALL = 'load-stall';
export const END = 'load-end';
// STOP ends streams that were not there for the end. It is not counted.
export const STOP = 'load-stop';
// longestPause is how many seconds a stream that was cut stays away at most.
export const longestPause = 3;
const ours = new Set([LOAD, STORM, STALL, END]);

// hold keeps a stream open until the test's end event, and opens it again if it is
// cut. The options, all of them optional:
//   tally      what it has received so far
//   on         {name: (tag) => …}, called after an event has been counted; a number
//              closes the stream and opens it again after so many seconds
//   counted    false: leave out of what must arrive in all
//   measured   false: leave out of the latencies
//   gap        called with the server's notice of dropped events
//   ended      called with the server's reason; true: do not open again
export function hold(config, run, session, options = {}) {
  const state = { tally: new Tally(), on: {}, counted: true, measured: true, over: false, ...options };
  for (;;) {
    const pause = once(config, run, session, state);
    if (state.over) {
      return state.tally;
    }
    sleep(pause === undefined ? 1 + (longestPause - 1) * Math.random() : pause);
  }
}

// once opens the stream and returns when it has ended: with the pause that a handler
// wanted, or undefined if the test had no part in it.
function once(config, run, session, state) {
  const began = Date.now();
  let opened = false;
  let pause;
  let told = false;
  const response = sse.open(address(config, session), { tags: { name: 'stream' } }, (client) => {
    client.on('event', (event) => {
      const name = event.name; // reading a field of an event is a call into Go
      if (ours.has(name)) {
        const tag = receive(name, event.data, run, state);
        const act = tag && state.on[name];
        pause = act ? act(tag) : undefined;
        state.over = state.over || Boolean(tag && name === END);
        if (pause !== undefined || state.over) {
          client.close();
        }
        return;
      }
      if (name === STOP && event.data === run) {
        state.over = true;
        client.close();
      }
      if (name === 'connection') {
        if (!opened) {
          opened = true;
          streams.opened.add(1);
          streams.connectTime.add(Date.now() - began);
        } else if (state.gap) {
          state.gap(JSON.parse(event.data));
        }
      }
      if (name === 'error') {
        told = true;
        const reason = JSON.parse(event.data).code;
        if (!opened) {
          streams.refused.add(1, { reason });
        }
        if (state.ended && state.ended(reason)) {
          state.over = true;
        }
      }
    });
    client.on('error', () => client.close());
  });
  if (!opened && !told) {
    streams.connectErrors.add(1, { status: String(response.status || 'none') });
  } else if (opened && pause === undefined && !state.over) {
    streams.cut.add(1);
  }
  return pause;
}

function address(config, session) {
  const topics = config.TOPIC ? `&topics=${encodeURIComponent(config.TOPIC)}` : '';
  return `${config.BASE_URL}/api/sse?sessionId=${session}${topics}`;
}

function receive(name, data, run, state) {
  const now = Date.now();
  const tag = readTag(data);
  if (!tag) {
    events.damaged.add(1);
    return undefined;
  }
  if (tag.run !== run) {
    return undefined; // of another test at the same server
  }
  if (state.counted) {
    events.missing.add(-1);
  }
  if (state.measured && name === LOAD) {
    events.latency.add(now - tag.at);
  }
  state.tally.take(tag.lane, tag.n);
  return tag;
}
