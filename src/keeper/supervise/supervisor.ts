import type { EngineCause, Failure } from '../../errors.ts';
import type { KeeperPlan } from '../../launch/plan.ts';
import { monotonicMs } from '../../os/clock.ts';
import { statusOverSocket } from '../../os/http-status.ts';
import { EngineProcess } from '../engine-process.ts';
import type { FromKeeper, KeeperStatus } from '../protocol.ts';
import { windowMs } from './backoff.ts';
import { newHealth, next, type Action, type EngineEvent, type GaveUp, type Health } from './health.ts';
import type { SupervisorOrder } from './order.ts';
import { prefillStepOf, saferPlan } from './safer.ts';
import { Witness } from './witness.ts';

type Ready = Extract<FromKeeper, { type: 'ready' }>;
type Exited = Extract<Failure, { reason: 'engine-exited' }>;

/** One answer of an engine that is busy may take so long, ms. */
const answerWithinMs = 2_000;

/**
 * One engine over all its lives, on one address: started again when it died or hung, one notch safer where it lacked
 * memory, unloaded while nobody needs it. `next` decides; this carries it out.
 */
export class Supervisor {
  /** Settles when it was ended, or given up, and its last life is gone. */
  readonly ended: Promise<void>;
  readonly #order: SupervisorOrder;
  #settle: () => void = () => undefined;
  #health: Health;
  #plan: KeeperPlan;
  #life: EngineProcess;
  #begun = false;
  /** An end was asked for. */
  #over = false;
  #timer: NodeJS.Timeout | null = null;
  /** Why this life is being ended by us. */
  #ending: 'hang' | 'unload' | null = null;
  readonly #witness: Witness;

  constructor(order: SupervisorOrder) {
    this.#order = order;
    this.#plan = order.plan;
    const { firstDelayMs } = order.doors ?? {};
    this.#health = firstDelayMs === undefined ? newHealth : { ...newHealth, firstDelayMs };
    this.#witness = new Witness(order.paths, order.doors ?? {});
    this.#life = this.#newLife();
    this.ended = new Promise((resolve) => (this.#settle = resolve));
  }

  get socket(): string {
    return this.#life.socket;
  }

  /** The engine's process while it runs. */
  get pid(): number | null {
    return this.#life.pid;
  }

  /** What it runs on now. */
  get plan(): KeeperPlan {
    return this.#plan;
  }

  get phase(): KeeperStatus['phase'] {
    const { phase } = this.#health;
    if (phase !== 'starting') return phase;
    return this.#life.phase === 'fetching' ? 'fetching' : 'loading';
  }

  /** Starts it for the first time. What becomes of it is told by the callbacks. */
  start(): void {
    this.#live();
  }

  /** Ends it by the ladder of the plan; `killMs` null = without the SIGKILL at its end. */
  stop(killMs?: null): void {
    this.#noMore();
    this.#life.stop(killMs);
  }

  /** Ends it at once. */
  kill(): void {
    this.#noMore();
    this.#life.kill();
  }

  /** Without another word and without waiting, for when this process is about to be gone. */
  killNow(): void {
    this.#life.killNow();
  }

  /** Whether it answers its health question within two seconds. */
  async answers(): Promise<boolean> {
    const { ready } = this.#order.engine;
    const status = await statusOverSocket(this.socket, ready.path, answerWithinMs);
    return status !== null && ready.accepts(status);
  }

  /** A request has come. */
  wanted(): void {
    this.#step({ kind: 'wanted' });
  }

  idle(): void {
    this.#step({ kind: 'idle' });
  }

  silent(): void {
    this.#step({ kind: 'silent' });
  }

  sign(): void {
    this.#step({ kind: 'sign' });
  }

  /** It lives, but gives no sign: it is ended and counts as dead. */
  hung(ms: number): void {
    const { phase } = this.#health;
    if (this.#over || this.#ending !== null || (phase !== 'ready' && phase !== 'degraded')) return;
    this.#ending = 'hang';
    const life = this.#life;
    life.stop();
    void life.ended.then(() => {
      this.#order.onDown();
      const detail = `no word and no answer for ${Math.round(ms / 1000)} s`;
      return this.#died({ kind: 'hang', detail }, true, null);
    });
  }

  #newLife(): EngineProcess {
    const life: EngineProcess = new EngineProcess({
      ...this.#order,
      plan: this.#plan,
      onReady: (ready) => this.#ready(ready),
      onFailed: (failure) => this.#lost(life, failure),
    });
    return life;
  }

  #live(): void {
    const life = (this.#life = this.#begun ? this.#newLife() : this.#life);
    this.#begun = true;
    this.#ending = null;
    this.#timer = null;
    this.#witness.started();
    void life.start();
    void life.ended.then(() => {
      if (this.#over || this.#health.phase === 'failed') this.#settle();
    });
  }

  #ready(ready: Ready): void {
    const { snapshotPath, revision } = ready;
    const { weights } = this.#plan;
    // What was fetched for the first life is there for the next.
    if (!weights.complete)
      this.#plan = { ...this.#plan, weights: { ...weights, complete: true, snapshotPath, revision } };
    this.#step({ kind: 'answered' });
    this.#order.onReady(ready, this.#plan);
  }

  /** A life has failed, or ended by itself. */
  #lost(life: EngineProcess, failure: Failure): void {
    if (failure.reason === 'engine-exited') {
      this.#order.onDown();
      const bySignal = failure.signal !== null || failure.code === 137;
      void life.ended.then(() => this.#died(failure.cause, bySignal, failure));
    } else if (failure.reason === 'engine-not-ready' && this.#health.served) {
      const detail = `it was not ready after ${Math.round(failure.waitedMs / 1000)} s`;
      void life.ended.then(() => this.#died({ kind: 'hang', detail }, true, null));
    } else this.#fail(failure);
  }

  async #died(said: EngineCause, bySignal: boolean, exit: Exited | null): Promise<void> {
    const { cause, panic } = await this.#witness.examine(said);
    if (this.#over) return;
    const safer = saferPlan(this.#plan, this.#order.plan);
    const at = monotonicMs();
    const death = { kind: 'died', at, cause, bySignal, panic: panic !== null, canBeSafer: safer !== null } as const;
    const action = this.#step(death);
    if (action.do === 'restart') {
      const taken = action.safer ? safer : null;
      this.#plan = taken?.plan ?? this.#plan;
      this.#order.onRestart({ cause, change: taken?.change ?? null }, this.#plan);
      this.#timer = setTimeout(() => this.#live(), action.afterMs);
    } else if (action.do === 'give-up') {
      this.#fail(
        action.why === 'lasting' && exit !== null ? { ...exit, cause } : await this.#givenUp(action.why, cause, panic),
      );
    }
  }

  async #givenUp(why: GaveUp, cause: EngineCause, panicPath: string | null): Promise<Failure> {
    return {
      reason: 'engine-given-up',
      why: why === 'lasting' ? 'too-often' : why,
      cause,
      restarts: this.#health.restarts.length,
      windowSeconds: windowMs / 1000,
      context: this.#plan.context,
      prefillStep: prefillStepOf(this.#plan),
      peakBytes: await this.#order.peakBytes(),
      panicPath,
      logPath: this.#order.log,
    };
  }

  #step(event: EngineEvent): Action {
    const { health, action } = next(this.#health, event);
    this.#health = health;
    if (action.do === 'unload') this.#unload();
    if (action.do === 'load') this.#load();
    return action;
  }

  #unload(): void {
    this.#ending = 'unload';
    this.#order.onUnloaded();
    this.#life.stop();
  }

  /** The one before may still be ending: the two would share an address. */
  #load(): void {
    this.#order.onLoading();
    void this.#life.ended.then(() => {
      if (!this.#over) this.#live();
    });
  }

  #fail(failure: Failure): void {
    this.#health = { ...this.#health, phase: 'failed' };
    if (!this.#over) this.#order.onFailed(failure);
    void this.#life.ended.then(() => this.#settle());
  }

  #noMore(): void {
    const resting = this.#timer !== null || !this.#begun;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#over = true;
    if (resting) this.#settle();
    else void this.#life.ended.then(() => this.#settle());
  }
}
