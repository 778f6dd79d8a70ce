import type { Failure } from '../errors.ts';
import type { EngineRestart, FromKeeper, StartProgress } from './protocol.ts';
import type { Seat } from './seat.ts';

type Ready = Extract<FromKeeper, { type: 'ready' }>;

/**
 * Tells sessions how their engine is. One that has been told that it is ready hears no more of its progress: its agent
 * has the screen by then.
 */
export class Audience {
  readonly #seats: ReadonlyMap<string, Seat>;
  readonly #served = new WeakSet<Seat>();
  #progress: StartProgress | null = null;
  #ready: Ready | null = null;
  #failure: Failure | null = null;

  constructor(seats: ReadonlyMap<string, Seat>) {
    this.#seats = seats;
  }

  get isReady(): boolean {
    return this.#ready !== null;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** A session has come: what the others know. */
  welcome(seat: Seat): void {
    if (this.#failure !== null) seat.send({ type: 'failed', failure: this.#failure });
    else if (this.#ready !== null) this.#tellReady(seat, this.#ready);
    else if (this.#progress !== null) seat.send({ type: 'progress', progress: this.#progress });
  }

  progress(progress: StartProgress): void {
    this.#progress = progress;
    for (const seat of this.#seats.values()) if (!this.#served.has(seat)) seat.send({ type: 'progress', progress });
  }

  /** It answers, for the first time or again. */
  ready(ready: Ready): void {
    this.#ready = ready;
    for (const seat of this.#seats.values()) if (!this.#served.has(seat)) this.#tellReady(seat, ready);
  }

  /** It does not answer now. Those who come wait until it does; an unloaded one answers whoever asks. */
  down(): void {
    this.#ready = null;
  }

  restarting(restart: EngineRestart): void {
    for (const seat of this.#seats.values()) seat.send({ type: 'restarting', restart });
  }

  failed(failure: Failure): void {
    this.#failure = failure;
    for (const seat of this.#seats.values()) seat.send({ type: 'failed', failure });
  }

  #tellReady(seat: Seat, ready: Ready): void {
    this.#served.add(seat);
    seat.send(ready);
  }
}
