// The summary on the terminal, instead of k6's list of all metrics.

import { shown, thousands } from './publisher.js';

// summarize is a handleSummary. more gives further lines, [label, text].
export function summarize(title, config, more = () => []) {
  return (data) => {
    const value = (metric, stat = 'count') => {
      const m = data.metrics[metric];
      return m && m.values[stat] !== undefined ? m.values[stat] : 0;
    };
    const count = (metric) => thousands(value(metric));
    // An empty trend is all zeros: of, a counter, tells whether anything was measured.
    const times = (metric, of) =>
      value(of) > 0
        ? ['med', 'p(95)', 'p(99)', 'max'].map((s) => `${s === 'med' ? 'median' : s} ${ms(value(metric, s))}`).join(', ')
        : 'nothing to measure';
    const judged = verdicts(data.metrics);
    const failed = judged.filter((v) => !v.ok);
    const lines = [
      ['streams', `${count('streams_opened')} opened, ${count('connect_errors')} connect errors, ${count('streams_refused')} refused, ${count('streams_cut')} cut`],
      ['connecting', times('connect_time', 'streams_opened')],
      ['published', `${count('events_published')} events, ${count('publish_errors')} errors; ${times('http_req_duration{name:publish}', 'events_published')}`],
      ['deliveries', `${thousands(value('events_expected') - value('events_missing'))} received of ${count('events_expected')} expected; ${count('events_missing')} missing`],
      ['checked', `${count('events_lost')} lost, ${count('events_repeated')} repeated, ${count('events_out_of_order')} out of order, ${count('events_damaged')} damaged`],
      ['latency', times('event_latency', 'events_expected')],
      ...more({ value, count, times, ms }),
      ['thresholds', failed.length ? `${failed.length} of ${judged.length} failed` : `all ${judged.length} passed`],
    ];
    const text = [
      '',
      `${title}, ${shown(config.BASE_URL)}: ${failed.length ? 'FAILED' : 'passed'} after ${(data.state.testRunDurationMs / 1000).toFixed(0)} s`,
      ...lines.map(([label, said]) => `  ${label.padEnd(11)} ${said}`),
      ...failed.map((v) => `  ✗ ${v.metric} ${v.threshold}, but ${v.was}`),
      '',
      '',
    ].join('\n');
    const out = { stdout: text };
    if (__ENV.SUMMARY_JSON) {
      out[__ENV.SUMMARY_JSON] = JSON.stringify(data, null, 2);
    }
    return out;
  };
}

// verdicts are all thresholds and what they were measured against.
function verdicts(metrics) {
  const all = [];
  for (const [metric, m] of Object.entries(metrics)) {
    for (const [threshold, { ok }] of Object.entries(m.thresholds || {})) {
      const stat = /^[a-z]+(\([\d.]+\))?/.exec(threshold)[0];
      const was = m.values[stat] === undefined ? 'nothing was measured' : `it was ${Number(m.values[stat].toFixed(2))}`;
      all.push({ metric, threshold, ok, was });
    }
  }
  return all;
}

const ms = (n) => (n >= 10000 ? `${(n / 1000).toFixed(1)} s` : `${n >= 10 ? n.toFixed(0) : n.toFixed(1)} ms`);
