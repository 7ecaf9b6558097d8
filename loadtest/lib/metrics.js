// What the scripts count. k6 has no variables that VUs share: a sum over all of
// them is a metric.

import { Counter, Gauge, Trend } from 'k6/metrics';

export const streams = {
  opened: new Counter('streams_opened'), // got their connection event
  connectErrors: new Counter('connect_errors'), // no connection, or no event stream
  refused: new Counter('streams_refused'), // told to come back later: MAX_CLIENTS and such
  cut: new Counter('streams_cut'), // ended although the test had not
  connectTime: new Trend('connect_time', true), // from the call to the connection event
};

export const events = {
  published: new Counter('events_published'),
  publishErrors: new Counter('publish_errors'),
  expected: new Counter('events_expected'), // deliveries that the server has promised
  // The publishers add what is to arrive, the streams take off what has arrived.
  // What has arrived has no counter: 10,000 streams at once would feel it.
  missing: new Counter('events_missing'),
  lost: new Counter('events_lost'), // a later one came without it
  repeated: new Counter('events_repeated'),
  outOfOrder: new Counter('events_out_of_order'),
  damaged: new Counter('events_damaged'), // no tag, or another length than was sent
  targetsMissed: new Counter('targets_missed'), // sent to a stream that should be there, and the server knew none
  latency: new Trend('event_latency', true), // from before the publish to the handler
};

export const run = {
  finished: new Counter('run_finished'), // the plan was carried out to its end
  givenUp: new Counter('run_given_up'),
};

export const slow = {
  told: new Counter('slow_told'), // notices of drops and endings that slow streams got
  dropped: new Counter('slow_dropped_told'), // the dropped events in them
  ended: new Counter('slow_ended_told'),
  untold: new Counter('slow_dropped_untold'),
};

export const server = {
  recovery: new Trend('storm_recovery', true), // from the storm until all are back
  leaving: new Trend('drain_time', true), // from the last close until the server counts none
  leftOver: new Counter('streams_left_over'), // still counted long after they left
  memoryGrowth: new Gauge('server_memory_growth'), // in percent
};
