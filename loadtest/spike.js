// A reconnect storm: again and again all streams close at once and are back within
// a moment, as after a network that was gone or a proxy that was restarted.

import exec from 'k6/execution';
import { sleep } from 'k6';
import { duration, number, settings, whole } from './lib/config.js';
import { server } from './lib/metrics.js';
import { Publisher, begin, giveUp, progress, session, thousands } from './lib/publisher.js';
import { STORM, hold } from './lib/stream.js';
import { base, conductor, holders, promises } from './lib/thresholds.js';
import { summarize } from './lib/summary.js';

const config = settings({
  STREAMS: whole(3000),
  STORMS: whole(3),
  RAMP: duration('20s'),
  SPREAD: duration('1s'), // within which the streams come back
  BROADCASTS: whole(5),
  RECOVERY: duration('15s'), // in which all must be back
  LATENCY_P95: number(500),
  LATENCY_P99: number(1000),
  PUBLISH_P95: number(1000),
  CONNECT_P95: number(5000),
});

const round = config.BROADCASTS * 2 + config.SPREAD + config.RECOVERY + 40;
const most = config.RAMP + config.SETTLE + (config.STORMS + 1) * round + config.LEAVE + 30;

export const options = {
  ...base,
  scenarios: { streams: holders(config.STREAMS, most, 'stream'), plan: conductor(most) },
  thresholds: {
    ...promises(config, config.STREAMS * (1 + config.STORMS)),
    connect_time: [`p(95)<${config.CONNECT_P95}`],
    storm_recovery: [`max<${config.RECOVERY * 1000}`],
  },
};

export const setup = () => begin(config);

export function stream({ run }) {
  const i = exec.scenario.iterationInTest;
  sleep((config.RAMP * i) / config.STREAMS);
  let storm = 0;
  hold(config, run, session(run, i), {
    on: {
      // A stream that is back already must not leave once more.
      [STORM]: (tag) => {
        if (tag.n <= storm) {
          return undefined;
        }
        storm = tag.n;
        return config.SPREAD * Math.random();
      },
    },
  });
}

export function conduct({ run, before }) {
  const publisher = new Publisher(config, run);
  const all = before + config.STREAMS;
  publisher.awaitActive(all, config.RAMP, 'ramp');
  broadcast(publisher);
  for (let n = 1; n <= config.STORMS; n++) {
    progress(`storm ${n} of ${config.STORMS}: ${thousands(config.STREAMS)} streams close and come back within ${config.SPREAD} s`);
    storm(publisher, all);
    broadcast(publisher);
  }
  publisher.end(before, config.STREAMS);
}

function broadcast(publisher) {
  for (let n = 0; n < config.BROADCASTS; n++) {
    publisher.everybody({ expected: config.STREAMS });
    sleep(0.5);
  }
}

// storm is over when as many streams have come as there are, and those that have
// left are no longer counted.
function storm(publisher, all) {
  const { totalConnections: total } = publisher.metrics();
  const began = Date.now();
  publisher.everybody({ name: STORM });
  for (;;) {
    const now = publisher.metrics();
    if (now && now.totalConnections - total >= config.STREAMS && now.activeConnections <= all) {
      break;
    }
    if (Date.now() - began > (config.RECOVERY + 30) * 1000) {
      giveUp(`storm: not all streams were back after ${config.RECOVERY + 30} s`);
    }
    sleep(0.1);
  }
  server.recovery.add(Date.now() - began);
}

export const handleSummary = summarize('spike', config, ({ times }) => [['recovery', times('storm_recovery', 'run_finished')]]);
