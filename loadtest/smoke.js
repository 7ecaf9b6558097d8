// A few streams and events: does the server do what it should, and is all set up to
// test it? Takes some seconds.

import http from 'k6/http';
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import { duration, number, settings, whole } from './lib/config.js';
import { Publisher, begin, progress, session } from './lib/publisher.js';
import { hold } from './lib/stream.js';
import { base, conductor, holders, promises } from './lib/thresholds.js';
import { summarize } from './lib/summary.js';

const config = settings({
  STREAMS: whole(5),
  EVENTS: whole(5),
  INTERVAL: duration('200ms'),
  LATENCY_P95: number(250),
  LATENCY_P99: number(500),
  PUBLISH_P95: number(250),
});

const most = config.SETTLE + config.LEAVE + 30 + config.EVENTS * 3 * config.INTERVAL;

export const options = {
  ...base,
  scenarios: { streams: holders(config.STREAMS, most, 'stream'), plan: conductor(most) },
  thresholds: { ...promises(config, config.STREAMS), checks: ['rate==1'] },
};

export const setup = () => begin(config);

export function stream({ run }) {
  hold(config, run, session(run, exec.scenario.iterationInTest));
}

export function conduct({ run, before }) {
  const publisher = new Publisher(config, run);
  publisher.awaitActive(before + config.STREAMS, 0, 'connect');
  progress('events to all streams, and to each');
  for (let n = 0; n < config.EVENTS; n++) {
    check(publisher.everybody(), { 'an event goes to all streams': (sent) => sent === config.STREAMS });
    sleep(config.INTERVAL);
    for (let i = 0; i < config.STREAMS; i++) {
      check(publisher.one(i), { 'an event goes to one session': (sent) => sent === 1 });
    }
    publisher.everybody({ size: 4096 });
  }
  refusals();
  publisher.end(before, config.STREAMS);
}

// refusals are requests that the server must not take.
function refusals() {
  const refused = (what, status, response) => check(response, { [`${what}: ${status}`]: (r) => r.status === status });
  const key = { Authorization: `Bearer ${config.API_KEY}` };
  const expected = (headers) => ({ headers, responseCallback: http.expectedStatuses(400, 401), tags: { name: 'refused' } });
  const url = `${config.BASE_URL}/api/sse`;
  refused('an event without a key', 401, http.post(url, '{"data":1}', expected({})));
  refused('a target that is empty', 400, http.post(url, '{"data":1,"sessionId":""}', expected(key)));
  refused('an event that is no JSON', 400, http.post(url, '{"data":', expected(key)));
  refused('a stream of nobody', 401, http.get(url, expected({ Accept: 'text/event-stream' })));
}

export const handleSummary = summarize('smoke', config, ({ value }) => [
  ['checks', `${(100 * value('checks', 'rate')).toFixed(0)} % passed`],
]);
