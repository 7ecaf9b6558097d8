// 10,000 streams: they come (ramp), are silent (hold), all get events (broadcast),
// single ones do (targeted), and they leave (drain).

import exec from 'k6/execution';
import { sleep } from 'k6';
import { duration, number, settings, whole } from './lib/config.js';
import { Publisher, begin, progress, session, thousands } from './lib/publisher.js';
import { END, hold } from './lib/stream.js';
import { base, conductor, holders, promises } from './lib/thresholds.js';
import { summarize } from './lib/summary.js';

const config = settings({
  STREAMS: whole(10000),
  RAMP: duration('60s'),
  HOLD: duration('30s'),
  BROADCASTS: whole(20),
  INTERVAL: duration('2s'),
  TARGETED: whole(2000),
  RATE: whole(200),
  DRAIN: duration('20s'),
  LATENCY_P95: number(1000),
  LATENCY_P99: number(2000),
  PUBLISH_P95: number(1000),
});

// Far more than it takes, lest a slow server be cut off.
const publishing = config.BROADCASTS * (config.INTERVAL + 5) + 3 * (config.TARGETED / config.RATE);
const most = config.RAMP + config.SETTLE + config.HOLD + publishing + config.DRAIN + config.LEAVE + 30;

export const options = {
  ...base,
  scenarios: { streams: holders(config.STREAMS, most, 'stream'), plan: conductor(most) },
  thresholds: { ...promises(config, config.STREAMS), streams_left_over: ['count==0'] },
};

export const setup = () => begin(config);

export function stream({ run }) {
  const i = exec.scenario.iterationInTest;
  sleep((config.RAMP * i) / config.STREAMS);
  hold(config, run, session(run, i), { on: { [END]: () => sleep(config.DRAIN * Math.random()) } });
}

export function conduct({ run, before }) {
  const publisher = new Publisher(config, run);
  publisher.awaitActive(before + config.STREAMS, config.RAMP, 'ramp');
  progress(`hold: ${thousands(config.STREAMS)} streams are open; ${config.HOLD} s of silence`);
  sleep(config.HOLD);
  progress(`broadcast: ${config.BROADCASTS} events to all`);
  for (let n = 0; n < config.BROADCASTS; n++) {
    publisher.everybody();
    sleep(config.INTERVAL);
  }
  progress(`targeted: ${thousands(config.TARGETED)} events to single streams, ${config.RATE} a second`);
  const began = Date.now();
  for (let n = 0; n < config.TARGETED; n++) {
    // A stride that shares no factor with most numbers of streams visits all parts.
    publisher.one((n * 7919) % config.STREAMS);
    sleep(Math.max(0, (began + ((n + 1) * 1000) / config.RATE - Date.now()) / 1000));
  }
  progress(`drain: the streams leave over ${config.DRAIN} s`);
  publisher.end(before, config.STREAMS, { drain: config.DRAIN });
}

export const handleSummary = summarize('connections-10k', config, ({ value, count, ms }) => [
  ['drain', `${count('streams_left_over')} streams left over; the server knew ${ms(value('drain_time', 'max'))} after the last was to leave`],
]);
