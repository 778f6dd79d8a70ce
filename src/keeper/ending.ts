import type { KeeperPlan } from '../launch/plan.ts';
import { pause, within } from '../os/clock.ts';
import type { Supervisor } from './supervise/supervisor.ts';
import type { FromKeeper } from './protocol.ts';
import type { Seat } from './seat.ts';

/** What sessions get to end their agents and leave, before the keeper ends those agents itself, ms. */
const leaveWithinMs = 3_000;
/** What the last look at the engine's memory may take, ms. */
const measureWithinMs = 1_000;
/** And what writing it down may take then, ms. */
const keepWithinMs = 3_000;

export interface EndingOptions {
  readonly engine: Pick<Supervisor, 'stop' | 'kill' | 'ended'>;
  readonly stop: KeeperPlan['stop'];
  readonly seats: ReadonlyMap<string, Seat>;
  readonly tellAll: (message: FromKeeper) => void;
  readonly bury: (seat: Seat) => void;
  /** Settles when nothing needs the engine any more; null = it does already. */
  readonly closePublic: () => Promise<void> | null;
  readonly finish: () => void;
}

type Send = (message: FromKeeper) => void;

/** The way out of a keeper: sessions told, engine ended by the ladder of the plan, nothing left behind. Walked once. */
export class Ending {
  readonly #options: EndingOptions;
  readonly #funerals: Promise<void>[] = [];
  #begun = false;
  /** The terminal that is asked before an engine is killed. */
  #asked: Send | null = null;

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Something that has to be done before the end. */
  waitFor(work: Promise<void>): void {
    this.#funerals.push(work);
  }

  /** Begins it; `last` is the session whose leaving is the reason, and whose terminal may be asked. */
  begin(last: Seat | null): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.#run(last);
  }

  /** Answer to `ask-kill`. */
  answered(yes: boolean): void {
    if (this.#asked === null) return;
    if (yes) this.#options.engine.kill();
    else void this.#askLater(this.#options.stop.killMs);
  }

  /** A connection closed: if it was the one to be asked, nobody is left to say no. */
  gone(send: Send): void {
    if (this.#asked !== send) return;
    this.#asked = null;
    this.#options.engine.kill();
  }

  async #run(last: Seat | null): Promise<void> {
    const { engine, stop, seats, tellAll, closePublic, finish } = this.#options;
    tellAll({ type: 'stopping', graceMs: stop.killMs });
    const measured = closePublic();
    if (measured !== null) {
      await within(measured, measureWithinMs);
      // What takes longer than that goes on beside the engine's end.
      this.waitFor(within(measured, keepWithinMs).then(() => undefined));
    }
    const asked = [last, ...seats.values()].find((seat) => seat !== null && seat.join.terminal !== null) ?? null;
    if (stop.askBeforeKill && asked !== null) {
      this.#asked = asked.send;
      engine.stop(null);
      void this.#askLater(stop.killMs);
    } else {
      engine.stop();
    }
    await Promise.all([engine.ended, this.#empty()]);
    // Those that died while the rest was waited for have been added meanwhile.
    for (let done = 0; done < this.#funerals.length; done += 1) await this.#funerals[done];
    finish();
  }

  async #askLater(afterMs: number): Promise<void> {
    const over = new AbortController();
    void this.#options.engine.ended.then(() => over.abort());
    await pause(afterMs, over.signal);
    if (!over.signal.aborted) this.#asked?.({ type: 'ask-kill', afterMs });
  }

  /** Until every session has left by itself, or was buried. */
  async #empty(): Promise<void> {
    const { seats, bury } = this.#options;
    for (let waited = 0; seats.size > 0 && waited < leaveWithinMs; waited += 25) await pause(25);
    for (const seat of seats.values()) bury(seat);
  }
}
