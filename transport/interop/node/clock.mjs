const RealDate = Date

/** Runs work() while the clock seems to be so many seconds ahead. One at a time. */
export async function atClock (seconds, work) {
  const shifted = () => RealDate.now() + seconds * 1000
  globalThis.Date = class extends RealDate {
    constructor (...args) {
      super(...(args.length > 0 ? args : [shifted()]))
    }

    static now () {
      return shifted()
    }
  }
  try {
    return await work()
  } finally {
    globalThis.Date = RealDate
  }
}
