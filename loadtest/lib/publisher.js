// What publishes events and asks the server how it is.

import http from 'k6/http';
import exec from 'k6/execution';
import { fail, sleep } from 'k6';
import { events, run as runMetrics, server } from './metrics.js';
import { END, LOAD, STOP, longestPause } from './stream.js';
import { tagged } from './tag.js';

export const session = (run, i) => `${run}-${i}`;

export class Publisher {
  constructor(config, run) {
    this.config = config;
    this.run = run;
    this.counts = new Map(); // the last number of each lane
    this.prefix = `p${exec.vu.idInTest}`; // two publishers are two orders
    this.headers = { Authorization: `Bearer ${config.API_KEY}`, 'Content-Type': 'application/json' };
  }

  // everybody sends an event to all streams of the test. expected is how many
  // deliveries that is to make: what the server says, unless some streams come and go.
  everybody({ name = LOAD, size = 0, priority, expected } = {}) {
    const lane = `${this.prefix}-all`;
    const target = this.config.TOPIC ? { topics: [this.config.TOPIC] } : {};
    return this.send(lane, lane, { event: name, priority, ...target }, size, expected);
  }

  // one sends an event to one stream, the i-th.
  one(i, { size = 0 } = {}) {
    const to = session(this.run, i);
    const sent = this.send(`${this.prefix}-one`, to, { event: LOAD, sessionId: to }, size);
    if (sent === 0) {
      events.targetsMissed.add(1);
    }
    return sent;
  }

  // send publishes the next number of a lane; undefined if the server took it not.
  send(lane, counter, event, size, expected) {
    const n = (this.counts.get(counter) || 0) + 1;
    const body = JSON.stringify({ ...event, data: tagged(this.run, lane, n, size) });
    const response = http.post(`${this.config.BASE_URL}/api/sse`, body, { headers: this.headers, tags: { name: 'publish' } });
    if (response.status !== 200) {
      events.publishErrors.add(1, { status: String(response.status) });
      return undefined;
    }
    this.counts.set(counter, n);
    const sent = response.json('eventsSent');
    events.published.add(1);
    if (expected !== undefined && sent < expected) {
      events.targetsMissed.add(expected - sent);
    }
    events.expected.add(expected === undefined ? sent : expected);
    events.missing.add(expected === undefined ? sent : expected);
    return sent;
  }

  // metrics is the server's own account; undefined if it does not answer.
  metrics() {
    const response = http.get(`${this.config.BASE_URL}/api/sse/metrics`, { headers: this.headers, tags: { name: 'metrics' } });
    return response.status === 200 ? response.json() : undefined;
  }

  active() {
    const metrics = this.metrics();
    return metrics ? metrics.activeConnections : -1;
  }

  // memory is what the server's process holds, in bytes.
  memory() {
    const response = http.get(this.config.METRICS_URL, { headers: this.headers, tags: { name: 'metrics' } });
    const found = response.status === 200 && /^process_resident_memory_bytes (\S+)/m.exec(response.body);
    return found ? Number(found[1]) : undefined;
  }

  // awaitActive waits until the server counts so many streams. If they are not there
  // by SETTLE after a ramp of so many seconds, the test is over.
  awaitActive(want, ramp, what) {
    const most = ramp + this.config.SETTLE;
    const began = Date.now();
    let said = began;
    for (;;) {
      const active = this.active();
      if (active >= want) {
        return;
      }
      if (Date.now() - said > 5000) {
        said = Date.now();
        progress(`${what}: ${thousands(active)} of ${thousands(want)} streams are open`);
      }
      if (Date.now() - began > most * 1000) {
        giveUp(`${what}: after ${most} s the server counts ${thousands(active)} of ${thousands(want)} streams`);
      }
      sleep(0.2);
    }
  }

  // end sends the end event to so many streams and waits until no more than before
  // are left. They may take drain seconds to leave.
  end(before, streams, { expected, drain = 0 } = {}) {
    const sent = this.everybody({ name: END, expected });
    sleep(drain);
    const began = Date.now();
    // Streams that were away are back within so many seconds, and then must be told.
    let watch = sent >= streams ? 0 : longestPause + 1;
    let active = this.active();
    while ((active > before || watch > 0) && Date.now() - began < this.config.LEAVE * 1000) {
      sleep(0.1);
      watch -= 0.1;
      if (Math.round(watch * 10) % 10 === 0) {
        this.stop();
      }
      active = this.active();
    }
    if (active > before) {
      server.leftOver.add(active - before);
    }
    server.leaving.add(Date.now() - began);
    progress(`end: the server counts ${thousands(active)} streams`);
    runMetrics.finished.add(1);
  }

  // stop ends the streams that were away when the end event was sent.
  stop() {
    const target = this.config.TOPIC ? { topics: [this.config.TOPIC] } : {};
    const body = JSON.stringify({ event: STOP, data: this.run, ...target });
    http.post(`${this.config.BASE_URL}/api/sse`, body, { headers: this.headers, tags: { name: 'stop' } });
  }
}

// begin is what setup() does: it makes sure that the server answers and that this
// test is alone with it, and names the run.
export function begin(config) {
  const publisher = new Publisher(config, '');
  const response = http.get(`${config.BASE_URL}/api/sse/metrics`, { headers: publisher.headers, tags: { name: 'metrics' } });
  if (response.status !== 200) {
    fail(`GET ${shown(config.BASE_URL)}/api/sse/metrics: ${response.status || response.error}; BASE_URL must be a running server and API_KEY a key of it that may publish and read metrics`);
  }
  let before = response.json('activeConnections');
  // The streams of a test before this one may be about to go.
  for (let i = 0; before > 0 && !config.TOPIC && i < 25; i++) {
    sleep(0.2);
    before = publisher.active();
  }
  if (before > 0 && !config.TOPIC) {
    fail(`the server has ${before} streams already, which would get this test's events; use one of its own, or set TOPIC to a topic that it lets anybody subscribe to`);
  }
  return { run: `k6-${Date.now().toString(36)}`, before };
}

// giveUp ends the test: the threshold of run_given_up aborts it.
export function giveUp(why) {
  console.error(why);
  runMetrics.givenUp.add(1);
  fail('the test was given up');
}

export function progress(text) {
  console.log(text);
}

export const thousands = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');

// shown is an address without the password that it may have.
export const shown = (address) => address.replace(/\/\/[^/@]*@/, '//');
