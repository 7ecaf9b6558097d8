// Some clients stop reading while large events flow. The others must not notice, and
// every event that a slow one does not get must be told to it.

import exec from 'k6/execution';
import { sleep } from 'k6';
import { duration, number, settings, whole } from './lib/config.js';
import { slow } from './lib/metrics.js';
import { Publisher, begin, progress, session, thousands } from './lib/publisher.js';
import { STALL, hold } from './lib/stream.js';
import { Tally } from './lib/tally.js';
import { base, conductor, holders, promises } from './lib/thresholds.js';
import { summarize } from './lib/summary.js';

const config = settings({
  STREAMS: whole(100), // those that read
  SLOW: whole(20), // those that stop
  EVENTS: whole(600),
  SIZE: whole(16384, 256), // bytes of an event
  RATE: whole(30), // events a second
  RAMP: duration('5s'),
  WAIT: duration('10s'), // for the slow ones to catch up
  LATENCY_P95: number(250),
  LATENCY_P99: number(500),
  PUBLISH_P95: number(250),
});

// A slow stream looks every so many seconds whether the flood is over.
const look = 2;
// Far more than it takes, lest a slow server be cut off.
const most = config.RAMP + config.SETTLE + 5 * (config.EVENTS / config.RATE) + config.WAIT + config.LEAVE + 60;

export const options = {
  ...base,
  scenarios: {
    streams: holders(config.STREAMS, most, 'stream'),
    slow: holders(config.SLOW, most, 'sleeper'),
    plan: conductor(most),
  },
  thresholds: {
    ...promises(config, config.STREAMS + config.SLOW),
    // Without this the slow ones were not slow enough, and nothing was tested.
    slow_told: ['count>0'],
    slow_dropped_untold: ['count==0'],
  },
};

export const setup = () => begin(config);

export function stream({ run }) {
  const i = exec.scenario.iterationInTest;
  sleep(config.RAMP * Math.random());
  hold(config, run, session(run, i));
}

// sleeper reads nothing while its handler sleeps: first what the connection can hold
// fills up, then what the server keeps for it.
export function sleeper({ run }) {
  sleep(config.RAMP * Math.random());
  let dropped = 0;
  let ended = false;
  const tally = hold(config, run, `${run}-slow-${exec.scenario.iterationInTest}`, {
    counted: false,
    measured: false,
    tally: new Tally({ lossy: true }),
    on: { [STALL]: () => stall(new Publisher(config, run)) },
    gap: (notice) => {
      if (notice.status === 'gap') {
        dropped += notice.dropped;
        slow.dropped.add(notice.dropped);
        slow.told.add(1);
      }
    },
    ended: (reason) => {
      ended = reason === 'SLOW_CONSUMER';
      if (ended) {
        slow.ended.add(1);
        slow.told.add(1);
      }
      return ended;
    },
  });
  if (!ended && tally.lost !== dropped) {
    slow.untold.add(Math.abs(tally.lost - dropped));
  }
}

// stall returns when the server has sent nothing for a while. It can't be told, since
// its stream is what it does not read.
function stall(publisher) {
  for (let before = -1, now = 0; now !== before; ) {
    before = now;
    sleep(look);
    const metrics = publisher.metrics();
    now = metrics ? metrics.eventsDispatched : before + 1;
  }
}

export function conduct({ run, before }) {
  const publisher = new Publisher(config, run);
  const all = config.STREAMS + config.SLOW;
  publisher.awaitActive(before + all, config.RAMP, 'ramp');
  progress(`stall: ${thousands(config.SLOW)} of ${thousands(all)} streams stop reading`);
  publisher.everybody({ name: STALL, expected: config.STREAMS });
  sleep(0.5);
  progress(`flood: ${thousands(config.EVENTS)} events of ${thousands(config.SIZE)} bytes, ${config.RATE} a second`);
  const began = Date.now();
  for (let n = 1; n <= config.EVENTS; n++) {
    publisher.everybody({ size: config.SIZE, expected: config.STREAMS });
    sleep(Math.max(0, (began + (n * 1000) / config.RATE - Date.now()) / 1000));
  }
  progress(`catch up: the slow ones read again; ${config.WAIT} s`);
  sleep(2 * look + config.WAIT);
  publisher.end(before, all, { expected: config.STREAMS });
}

export const handleSummary = summarize('slow-consumers', config, ({ count }) => [
  ['slow ones', `told of ${count('slow_dropped_told')} dropped events, ${count('slow_ended_told')} ended and told why; ${count('slow_dropped_untold')} dropped and not told`],
]);
