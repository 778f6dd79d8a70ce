import type { EngineLink } from '../engine-link.ts';
import type { WarmUpFigures } from '../warm/warm-up.ts';
import type { ReceivedRequest } from '../watcher.ts';
import { newLive, type Live, type Outcome } from './live.ts';
import { ReadingRate } from './prefill.ts';
import { Totals } from './totals.ts';
import type { Turn } from './turn.ts';

export type EnginePhase = 'loading' | 'restarting' | 'ready' | 'unloaded' | 'ended';

/** Callers whose last turn is remembered; of those beyond, the one that asked longest ago is forgotten. */
const mostCallers = 64;

/** Everything that is seen of the gateway at the moment, and what is kept of what has been. */
export class Book {
  readonly rate = new ReadingRate();
  readonly totals = new Totals();
  /** In flight, oldest first. */
  readonly #live = new Map<number, Live>();
  readonly #lastTurns = new Map<string, Turn>();
  #last: Turn | null = null;
  #phase: EnginePhase = 'loading';
  #phaseSince: number;
  #warmingSince: number | null = null;
  #warmUp: WarmUpFigures | null = null;

  constructor(engine: EngineLink, now: number) {
    this.#phaseSince = now;
    this.engineChanged(engine, now);
  }

  get live(): Iterable<Live> {
    return this.#live.values();
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** The request at the engine; of several (one that is cancelled may not have gone yet) the newest. */
  get running(): Live | null {
    let running: Live | null = null;
    for (const live of this.#live.values()) if (live.sentAt !== null) running = live;
    return running;
  }

  get last(): Turn | null {
    return this.#last;
  }

  lastOf(caller: string): Turn | null {
    return this.#lastTurns.get(caller) ?? null;
  }

  get phase(): EnginePhase {
    return this.#phase;
  }

  get phaseSince(): number {
    return this.#phaseSince;
  }

  /** When the warm-up that goes on began; null = none does. */
  get warmingSince(): number | null {
    return this.#warmingSince;
  }

  /** The last that was read to its end. */
  get warmUp(): WarmUpFigures | null {
    return this.#warmUp;
  }

  warmsUp(now: number): void {
    this.#warmingSince = now;
  }

  warmedUp(figures: WarmUpFigures | null): void {
    this.#warmingSince = null;
    this.#warmUp = figures ?? this.#warmUp;
    if (figures !== null) this.rate.learn(figures.inputTokens - (figures.cachedTokens ?? 0), figures.ms);
  }

  received(about: ReceivedRequest, now: number): Live {
    const live = newLive(about, now);
    this.#live.set(about.id, live);
    this.totals.request(live);
    return live;
  }

  /** Over: out of the queue, into the sums. A cancelled turn changes nothing of what its caller saw last. */
  ended({ about }: Live, turn: Turn): void {
    this.#live.delete(about.id);
    this.totals.end(turn);
    this.#learn(turn);
    if (keeps(turn.outcome)) {
      this.#last = turn;
      this.#lastTurns.delete(about.caller);
      this.#lastTurns.set(about.caller, turn);
      const [oldest] = this.#lastTurns.keys();
      if (this.#lastTurns.size > mostCallers && oldest !== undefined) this.#lastTurns.delete(oldest);
    }
  }

  engineChanged(engine: EngineLink, now: number): void {
    const { phase } = engine.state();
    const loads = this.#phase === 'loading' || this.#phase === 'unloaded';
    const next = phase !== 'starting' ? phase : loads ? 'loading' : 'restarting';
    if (next === this.#phase) return;
    if (next === 'restarting') this.totals.restarts += 1;
    this.#phase = next;
    this.#phaseSince = now;
  }

  #learn({ prefillMs, inputTokens, cachedTokens }: Turn): void {
    if (prefillMs === null || inputTokens === null) return;
    this.rate.learn(inputTokens - (cachedTokens ?? 0), prefillMs);
  }
}

const keeps = (outcome: Outcome): boolean => outcome !== 'cancelled';
