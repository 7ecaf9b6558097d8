// Events at a fixed rate, whether or not the server keeps up: how long do publishers
// wait, and does each event arrive?

import exec from 'k6/execution';
import { sleep } from 'k6';
import { choice, duration, number, settings, whole } from './lib/config.js';
import { Publisher, begin, progress, session, thousands } from './lib/publisher.js';
import { hold } from './lib/stream.js';
import { base, conductor, holders, promises } from './lib/thresholds.js';
import { summarize } from './lib/summary.js';

const config = settings({
  STREAMS: whole(500),
  RATE: whole(1000), // events a second
  TARGET: choice('one', 'all'), // each event goes to one stream, or to all
  SIZE: whole(256, 0),
  DURATION: duration('60s'),
  PUBLISHERS: whole(200), // at most so many wait for their answers at a time
  RAMP: duration('10s'),
  SETTLE: duration('10s'), // and then the first event, whatever the streams are
  LATENCY_P95: number(100),
  LATENCY_P99: number(250),
  PUBLISH_P95: number(50),
});

// The publishers start by the clock, since VUs can't call each other.
const start = config.RAMP + config.SETTLE;
const most = start + config.DURATION + config.LEAVE + 30;

export const options = {
  ...base,
  scenarios: {
    streams: holders(config.STREAMS, most, 'stream'),
    plan: conductor(most),
    publish: {
      executor: 'constant-arrival-rate',
      exec: 'publish',
      startTime: `${start}s`,
      duration: `${config.DURATION}s`,
      rate: config.RATE,
      preAllocatedVUs: config.PUBLISHERS,
      gracefulStop: '10s',
    },
  },
  thresholds: {
    ...promises(config, config.STREAMS),
    // One is dropped when all publishers still wait for their answers.
    dropped_iterations: ['count==0'],
  },
};

export const setup = () => begin(config);

export function stream({ run }) {
  const i = exec.scenario.iterationInTest;
  sleep((config.RAMP * i) / config.STREAMS);
  hold(config, run, session(run, i));
}

let publisher; // each VU's own, for as long as the VU lives

export function publish({ run }) {
  publisher = publisher || new Publisher(config, run);
  if (config.TARGET === 'all') {
    publisher.everybody({ size: config.SIZE });
  } else {
    publisher.one(exec.scenario.iterationInTest % config.STREAMS, { size: config.SIZE });
  }
}

export function conduct({ run, before }) {
  const began = Date.now();
  const until = (seconds) => sleep(Math.max(0, seconds - (Date.now() - began) / 1000));
  const plan = new Publisher(config, run);
  plan.awaitActive(before + config.STREAMS, config.RAMP, 'ramp');
  until(start);
  progress(`publish: ${thousands(config.RATE)} events a second for ${config.DURATION} s, each to ${config.TARGET === 'all' ? 'all streams' : 'one stream'}`);
  for (let passed = 10; passed < config.DURATION; passed += 10) {
    until(start + passed);
    progress(`publish: ${passed} of ${config.DURATION} s`);
  }
  // The last publishers may wait for their answers for a while.
  until(start + config.DURATION + 3);
  plan.end(before, config.STREAMS);
}

export const handleSummary = summarize('publish-rate', config, ({ value, count }) => [
  ['rate', `${thousands(value('events_published') / config.DURATION)} events a second of ${thousands(config.RATE)}; ${count('dropped_iterations')} not even begun`],
]);
