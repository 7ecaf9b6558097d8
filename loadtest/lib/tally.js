// What one stream has received of each lane.

import { events } from './metrics.js';

export class Tally {
  // fromStart says that the stream was open before anything was sent: its first
  // event of a lane must be number 1. lossy leaves what it lacks out of events_lost.
  constructor({ fromStart = true, lossy = false } = {}) {
    this.fromStart = fromStart;
    this.lossy = lossy;
    this.lanes = new Map();
    this.lost = 0;
  }

  // take counts an event of a lane.
  take(lane, n) {
    let seen = this.lanes.get(lane);
    if (!seen) {
      seen = { last: this.fromStart ? 0 : n - 1, missing: new Set() };
      this.lanes.set(lane, seen);
    }
    if (n > seen.last) {
      this.miss(seen, n);
      seen.last = n;
    } else if (seen.missing.delete(n)) {
      this.lose(-1);
      events.outOfOrder.add(1);
    } else {
      events.repeated.add(1);
    }
  }

  miss(seen, before) {
    for (let n = seen.last + 1; n < before; n++) {
      seen.missing.add(n);
      this.lose(1);
    }
  }

  lose(n) {
    this.lost += n;
    if (!this.lossy) {
      events.lost.add(n);
    }
  }
}
