import type { RequestWatch, Watcher } from '../../gateway/watcher.ts';
import { monotonicMs } from '../../os/clock.ts';
import { degradedShare, hangAfterMs } from './hang.ts';

export interface WatchdogOptions {
  /** Asks the engine whether it is well; false = no answer in time. */
  readonly answers: () => Promise<boolean>;
  /** Tokens of prompt that it was seen to read a second; null = not known. */
  readonly perSecond: () => number | null;
  /** A request has come. */
  readonly wanted: () => void;
  /** Requests are there and the engine gave no sign for a suspicious time; with the next one it did. */
  readonly silent: () => void;
  readonly sign: () => void;
  /** It gave none for so long that it must hang, ms. */
  readonly hung: (ms: number) => void;
  /** Nothing was asked for so long as `idleMs` says; null there = that does not matter. */
  readonly idle: () => void;
  readonly idleMs: number | null;
  /** How often it looks, and the shortest silence that is a hang, ms; tests bring their own. */
  readonly times?: { readonly everyMs: number; readonly leastMs: number };
}

const usualTimes = { everyMs: 1_000, leastMs: undefined };
/** Where the clock has jumped by more than this the machine slept, and so did the engine, ms. */
const asleepMs = 5_000;

/**
 * Tells an engine that hangs from one that works for long, and one that nobody needs: by what the gateway's requests
 * tell of it, and by its health question, which is asked only while it owes a reply and is silent.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #times: { readonly everyMs: number; readonly leastMs: number | undefined };
  /** Requests in flight, by their prompts' tokens; null = not counted yet. */
  readonly #inFlight = new Map<RequestWatch, number | null>();
  #silentMs = 0;
  #lookedAt = 0;
  #suspicious = false;
  #asking = false;
  #timer: NodeJS.Timeout | null = null;
  #idleTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#times = options.times ?? usualTimes;
  }

  /** The same watcher, listened in on. */
  over(watcher: Watcher): Watcher {
    return {
      received: (request) => this.#follow(watcher.received(request)),
      refused: watcher.refused,
    };
  }

  /** The engine is ready, or back: what was silent before counts no more. */
  ready(): void {
    this.#sign();
    this.#rest();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#timer = this.#idleTimer = null;
  }

  #follow(watch: RequestWatch): RequestWatch {
    const sign = (): void => this.#sign();
    const followed: RequestWatch = {
      ...watch,
      counted: (tokens, exact) => {
        if (this.#inFlight.has(followed)) this.#inFlight.set(followed, tokens);
        watch.counted(tokens, exact);
      },
      prefill: (progress) => {
        sign();
        watch.prefill(progress);
      },
      began: () => {
        sign();
        watch.began();
      },
      piece: () => {
        this.#silentMs = 0;
        watch.piece();
      },
      ended: (outcome, detail) => {
        this.#inFlight.delete(followed);
        if (this.#inFlight.size === 0) this.#rest();
        watch.ended(outcome, detail);
      },
    };
    this.#begin(followed);
    return followed;
  }

  #begin(followed: RequestWatch): void {
    if (this.#closed) return;
    this.#inFlight.set(followed, null);
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    if (this.#timer === null) {
      this.#silentMs = 0;
      this.#lookedAt = monotonicMs();
      this.#timer = setInterval(() => this.#look(), this.#times.everyMs).unref();
    }
    this.#options.wanted();
  }

  /** Nothing is in flight: nothing is owed, and the time without need begins. */
  #rest(): void {
    const { idleMs, idle } = this.#options;
    if (this.#inFlight.size > 0 || this.#closed) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (idleMs === null) return;
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(idle, idleMs).unref();
  }

  #sign(): void {
    this.#silentMs = 0;
    if (!this.#suspicious) return;
    this.#suspicious = false;
    this.#options.sign();
  }

  #look(): void {
    const { silent, hung } = this.#options;
    const now = monotonicMs();
    const step = now - this.#lookedAt;
    this.#lookedAt = now;
    this.#silentMs += step > asleepMs + this.#times.everyMs ? this.#times.everyMs : step;
    const limit = this.#limitMs();
    if (this.#silentMs >= limit) {
      const ms = this.#silentMs;
      this.#silentMs = 0;
      hung(ms);
      return;
    }
    if (this.#silentMs >= limit * degradedShare && !this.#suspicious) {
      this.#suspicious = true;
      silent();
    }
    if (!this.#asking) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    if (await this.#options.answers()) this.#sign();
    this.#asking = false;
  }

  #limitMs(): number {
    const perSecond = this.#options.perSecond();
    let longest = 0;
    for (const tokens of this.#inFlight.values())
      longest = Math.max(longest, hangAfterMs(tokens, perSecond, this.#times.leastMs));
    return longest;
  }
}
