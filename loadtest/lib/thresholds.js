// What makes k6 exit with 99: the same for all scripts, but for the figures.

// promises are the thresholds that hold for any number of streams and any rate.
// opened is how many streams are to be opened in all.
export function promises(config, opened) {
  return {
    streams_opened: [`count==${opened}`],
    connect_errors: ['count==0'],
    streams_refused: ['count==0'],
    streams_cut: ['count==0'],
    publish_errors: ['count==0'],
    events_expected: ['count>0'],
    events_missing: ['count==0'],
    events_lost: ['count==0'],
    events_repeated: ['count==0'],
    events_out_of_order: ['count==0'],
    events_damaged: ['count==0'],
    targets_missed: ['count==0'],
    event_latency: [`p(95)<${config.LATENCY_P95}`, `p(99)<${config.LATENCY_P99}`],
    'http_req_duration{name:publish}': [`p(95)<${config.PUBLISH_P95}`],
    run_finished: ['count==1'],
    run_given_up: [{ threshold: 'count==0', abortOnFail: true }],
  };
}

// tags leaves out url: each stream has its own, and k6 keeps a series for each.
export const tags = ['status', 'method', 'name', 'scenario', 'error_code', 'expected_response'];

// base are the options of every script.
export const base = {
  systemTags: tags,
  summaryTrendStats: ['min', 'med', 'p(95)', 'p(99)', 'max'],
  setupTimeout: '60s',
};

// holders is the scenario of the streams: each VU holds one from its turn in the
// ramp until the end event.
export function holders(vus, maxSeconds, exec) {
  return { executor: 'per-vu-iterations', vus, iterations: 1, maxDuration: `${Math.ceil(maxSeconds)}s`, gracefulStop: '0s', exec };
}

// conductor is the scenario of the one VU that carries out the plan.
export function conductor(maxSeconds, exec = 'conduct') {
  return { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: `${Math.ceil(maxSeconds)}s`, gracefulStop: '0s', exec };
}
