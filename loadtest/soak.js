// Hours of ordinary work: most streams stay, some come and go, events flow. Does
// anything get lost, slow or larger with time?

import exec from 'k6/execution';
import { fail, sleep } from 'k6';
import { duration, number, settings, whole } from './lib/config.js';
import { server } from './lib/metrics.js';
import { Publisher, begin, progress, session, thousands } from './lib/publisher.js';
import { LOAD, hold } from './lib/stream.js';
import { Tally } from './lib/tally.js';
import { base, conductor, holders, promises } from './lib/thresholds.js';
import { summarize } from './lib/summary.js';

const config = settings({
  STREAMS: whole(1000),
  VISITORS: whole(100),
  VISIT: duration('60s'), // the longest visit
  RAMP: duration('30s'),
  DURATION: duration('1h'),
  INTERVAL: duration('1s'), // between events to all
  TARGETED: whole(10, 0), // events to single streams in each interval
  REPORT: duration('60s'),
  LATENCY_P95: number(250),
  LATENCY_P99: number(500),
  PUBLISH_P95: number(250),
  MEMORY_GROWTH: number(20), // percent, since a tenth of the time had passed
});

const most = config.RAMP + config.SETTLE + config.DURATION + config.LEAVE + 60;

export const options = {
  ...base,
  scenarios: {
    streams: holders(config.STREAMS, most, 'stream'),
    visitors: holders(config.VISITORS, most, 'visitor'),
    plan: conductor(most),
  },
  thresholds: {
    ...promises(config, config.STREAMS),
    // The visitors' openings come on top.
    streams_opened: [`count>=${config.STREAMS + config.VISITORS}`],
    streams_left_over: ['count==0'],
    ...(config.METRICS_URL === 'none' ? {} : { server_memory_growth: [`value<${config.MEMORY_GROWTH}`] }),
  },
};

export function setup() {
  const start = begin(config);
  if (config.METRICS_URL !== 'none' && !new Publisher(config, '').memory()) {
    fail('METRICS_URL has no process_resident_memory_bytes; give the address of /metrics on the private listener, or METRICS_URL=none to leave memory out');
  }
  return start;
}

// k6 keeps every latency for its percentiles: some streams speak for all, so that
// hours of events fit into memory.
const speakers = 50;

export function stream({ run }) {
  const i = exec.scenario.iterationInTest;
  sleep((config.RAMP * i) / config.STREAMS);
  hold(config, run, session(run, i), { measured: i % Math.max(1, Math.floor(config.STREAMS / speakers)) === 0 });
}

// visitor stays for a random time, goes, and is back a moment later: somebody else.
// What it misses in between is not lost, and what it gets must have no gap.
export function visitor({ run }) {
  const i = exec.scenario.iterationInTest;
  sleep(config.RAMP * Math.random());
  const state = { tally: new Tally({ fromStart: false }), counted: false, measured: false };
  let leave = Date.now() + 1000 * config.VISIT * Math.random();
  state.on = {
    [LOAD]: () => {
      if (Date.now() < leave) {
        return undefined;
      }
      state.tally.lanes.clear();
      const pause = Math.random();
      leave = Date.now() + 1000 * (pause + config.VISIT * Math.random());
      return pause;
    },
  };
  hold(config, run, `${run}-visitor-${i}`, state);
}

export function conduct({ run, before }) {
  const publisher = new Publisher(config, run);
  publisher.awaitActive(before + config.STREAMS + config.VISITORS, config.RAMP, 'ramp');
  const memory = new Memory(publisher);
  const began = Date.now();
  let reported = began;
  for (let n = 1; ; n++) {
    const passed = (Date.now() - began) / 1000;
    if (passed >= config.DURATION) {
      break;
    }
    publisher.everybody({ expected: config.STREAMS });
    for (let t = 0; t < config.TARGETED; t++) {
      publisher.one(Math.floor(Math.random() * config.STREAMS));
    }
    memory.look(passed);
    if (Date.now() - reported >= config.REPORT * 1000) {
      reported = Date.now();
      progress(`${(passed / 60).toFixed(1)} min: ${thousands(publisher.active())} streams, ${thousands(n)} events to all${memory.text()}`);
    }
    sleep(Math.max(0, (began - Date.now()) / 1000 + n * config.INTERVAL));
  }
  publisher.end(before, config.STREAMS + config.VISITORS, { expected: config.STREAMS });
}

// Memory is what the server's process holds now, against a tenth of the time in:
// until then it grows into its work.
class Memory {
  constructor(publisher) {
    this.publisher = publisher;
    this.next = 0;
  }

  look(passed) {
    if (config.METRICS_URL === 'none' || passed < Math.max(this.next, config.DURATION / 10)) {
      return;
    }
    this.next = passed + Math.min(10, config.DURATION / 20);
    this.now = this.publisher.memory();
    this.first = this.first || this.now;
    server.memoryGrowth.add(100 * (this.now / this.first - 1));
  }

  text() {
    return this.now ? `, the server holds ${thousands(this.now / 1048576)} MiB` : '';
  }
}

export const handleSummary = summarize('soak', config, ({ value }) => [
  ['memory', config.METRICS_URL === 'none' ? 'not looked at' : `${value('server_memory_growth', 'value').toFixed(1)} % more at the end than after a tenth of the time`],
]);
