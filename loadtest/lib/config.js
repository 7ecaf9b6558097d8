// What a script takes from the environment. All faults are told at once.

const unit = { ms: 0.001, s: 1, m: 60, h: 3600 };

// whole is a setting that is a whole number.
export function whole(fallback, least = 1) {
  return {
    fallback: String(fallback),
    allowed: `a whole number of at least ${least}`,
    parse: (text) => (/^\d{1,9}$/.test(text) && Number(text) >= least ? Number(text) : undefined),
  };
}

// number is a setting that may have a fraction.
export function number(fallback) {
  return {
    fallback: String(fallback),
    allowed: 'a number of at least 0',
    parse: (text) => (/^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : undefined),
  };
}

// duration is a setting in seconds, given as 90s, 500ms, 5m or 1h.
export function duration(fallback) {
  return {
    fallback,
    allowed: 'a duration such as 500ms, 90s, 5m or 1h',
    parse: (text) => {
      const m = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
      return m ? Number(m[1]) * unit[m[2]] : undefined;
    },
  };
}

// choice is a setting that is one of a few words.
export function choice(fallback, ...others) {
  const words = [fallback, ...others];
  return { fallback, allowed: words.join(' or '), parse: (text) => (words.includes(text) ? text : undefined) };
}

const url = {
  allowed: 'the address of the server, such as https://events.example.com',
  parse: (text) => (/^https?:\/\/[^/?#]+[^?#]*$/.test(text) ? text.replace(/\/+$/, '') : undefined),
};

// The topic and the API key go into a query and a header as they are.
const token = {
  fallback: '',
  allowed: 'printable ASCII without blanks and commas',
  parse: (text) => (/^[!-+\--~]*$/.test(text) ? text : undefined),
};

const common = {
  BASE_URL: { ...url, fallback: 'http://localhost:8080' },
  API_KEY: { ...token, secret: true },
  TOPIC: token,
  SETTLE: duration('60s'), // after the ramp, for all streams to be open
  LEAVE: duration('15s'), // after the end, for the server to notice that they have left
  METRICS_URL: { fallback: '', allowed: 'the address of /metrics, or none', parse: (t) => (t === 'none' ? t : t && url.parse(t)) },
};

// settings reads the settings of a script, and those that all scripts have.
export function settings(own) {
  const values = {};
  const faults = [];
  for (const [name, setting] of Object.entries({ ...common, ...own })) {
    const text = __ENV[name] || setting.fallback;
    const value = setting.parse(text);
    if (value === undefined) {
      faults.push(`${name}=${setting.secret ? '(hidden)' : text}: must be ${setting.allowed}`);
    }
    values[name] = value;
  }
  if (!values.API_KEY && !faults.length) {
    faults.push('API_KEY: none given; it is the key of a service that may publish and read metrics');
  }
  if (faults.length) {
    throw new Error(`settings that can't be used:\n  ${faults.join('\n  ')}`);
  }
  if (!values.METRICS_URL) {
    values.METRICS_URL = `${values.BASE_URL}/metrics`;
  }
  return values;
}
