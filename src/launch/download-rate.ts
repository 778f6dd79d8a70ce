/** Bytes on disk at a time; `at` in seconds on a clock that only grows. */
export interface Sample {
  readonly at: number;
  readonly bytes: number;
  /** What the downloader has taken from the network; growth is a sign of life, also while the disk stands still. */
  readonly received?: number;
}

export interface Pace {
  /** Bytes a second, smoothed; 0 before anything was seen. */
  readonly rate: number;
  /** Null while nobody could say: too early, standing still, or the pace jumps. */
  readonly secondsLeft: number | null;
  /** Since the last byte arrived. */
  readonly stalledSeconds: number;
}

/** Seconds over which the shown rate is smoothed, and those of the slow one that it is held against. */
const fast = 10;
const slow = 30;
/** A pace without a byte for so long says nothing about the time left. Downloads arrive in bursts of seconds. */
const stillSeconds = 8;
/** How far the two rates may be apart for the time left to mean something. */
const steady = 1.6;

/**
 * Follows a download by its bytes on disk. Pure: the clock is the caller's. Rates are exponentially weighted means,
 * corrected for the time before the first sample, which would otherwise count as standstill.
 */
export class DownloadRate {
  readonly #total: number | null;
  #first: Sample | null = null;
  #last: Sample | null = null;
  #grewAt = 0;
  #fast = 0;
  #slow = 0;

  constructor(totalBytes: number | null) {
    this.#total = totalBytes;
  }

  /** Takes the next sample. Bytes that vanish (a file that is fetched anew) are no progress and no negative rate. */
  next(sample: Sample): Pace {
    const { at, bytes } = sample;
    if (this.#first === null || this.#last === null) {
      this.#first = sample;
      this.#grewAt = at;
    } else {
      const seconds = at - this.#last.at;
      const grown = Math.max(0, bytes - this.#last.bytes);
      if (grown > 0 || (sample.received ?? 0) > (this.#last.received ?? 0)) this.#grewAt = at;
      if (seconds > 0) {
        this.#fast += (1 - Math.exp(-seconds / fast)) * (grown / seconds - this.#fast);
        this.#slow += (1 - Math.exp(-seconds / slow)) * (grown / seconds - this.#slow);
      }
    }
    this.#last = sample;
    return this.#pace(at, bytes, at - this.#first.at);
  }

  #pace(at: number, bytes: number, watched: number): Pace {
    const corrected = (rate: number, over: number): number =>
      watched > 0 ? rate / (1 - Math.exp(-watched / over)) : 0;
    const rate = corrected(this.#fast, fast);
    const long = corrected(this.#slow, slow);
    const stalledSeconds = at - this.#grewAt;
    const stable =
      watched >= fast && stalledSeconds < stillSeconds && rate > 0 && rate < long * steady && long < rate * steady;
    const secondsLeft = stable && this.#total !== null ? Math.max(0, (this.#total - bytes) / rate) : null;
    return { rate, secondsLeft, stalledSeconds };
  }
}
