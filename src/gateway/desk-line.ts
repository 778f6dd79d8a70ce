import { Agent } from 'node:http';
import { fitUnder } from './ceiling.ts';
import type { Counter } from './counter/counter.ts';
import { Attempt } from './desk-attempt.ts';
import type { EngineDialect } from './dialects/dialect.ts';
import type { EngineLink } from './engine-link.ts';
import type { Exchange } from './exchange.ts';
import type { Problem } from './model.ts';
import type { GatewayPlan } from './plan.ts';
import { FairQueue } from './queue.ts';
import type { RepairReply } from './repairs/repair.ts';
import { askEngine, type Call } from './upstream.ts';
import type { Failure } from './upstream-failure.ts';

export interface LineOptions {
  /** Looked at anew for each request: a restart may lower the context. */
  readonly plan: GatewayPlan;
  readonly dialect: EngineDialect;
  readonly engine: EngineLink;
  readonly counter: Counter;
  readonly repairReply: RepairReply;
  /** Silence in the middle of a reply of so many tokens that is a failure, ms; left out, `patienceMs`. */
  readonly silenceMs?: (maxTokens: number) => number;
}

/** Idle connections are closed before engines do it (uvicorn: after 5 s). */
const idleMs = 2_000;
/** An engine that cut a connection has died or has not; its keeper knows within this time. */
const doubtMs = 1_000;
/** A request that was lost with the engine is sent once more, and no more: it may be what the engine dies of. */
const maxLost = 1;

/** A call may be written without a word in between: its tokens at two a second, and never less than five minutes. */
const patienceMs = (maxTokens: number): number => Math.max(300_000, maxTokens * 500);

interface Running {
  readonly exchange: Exchange;
  readonly call: Call;
  /** The engine's life that it was asked in. */
  readonly life: number;
}

/** The one way to the engine: a request at a time, the others wait; all wait while the engine is not ready. */
export class Line {
  readonly #options: LineOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: idleMs });
  readonly #queue = new FairQueue<Exchange>();
  /** Runs while a request waits for the engine itself, not for its turn. */
  readonly #holds = new Map<Exchange, NodeJS.Timeout>();
  readonly #stopListening: () => void;
  #running: Running | null = null;
  /** Nothing is sent while it is not known whether the engine lives. */
  #doubt: NodeJS.Timeout | null = null;
  #socketPath: string | null;
  #life = 0;
  #closed = false;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#socketPath = socketOf(options.engine);
    this.#stopListening = options.engine.onChange(() => this.#engineChanged());
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get running(): boolean {
    return this.#running !== null;
  }

  isWaiting(exchange: Exchange): boolean {
    return [...this.#queue].includes(exchange);
  }

  add(exchange: Exchange): void {
    this.#queue.push(exchange);
    this.#sendNext();
  }

  /** Takes a request out of the queue or ends it in the engine. */
  remove(exchange: Exchange): void {
    this.#release(exchange);
    if (this.#running?.exchange === exchange) this.#running.call.cancel();
    else this.#queue.remove(exchange);
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    if (this.#doubt !== null) clearTimeout(this.#doubt);
    for (const exchange of [...this.#queue]) this.remove(exchange);
    this.#running?.call.cancel();
    this.#agent.destroy();
  }

  #sendNext(): void {
    if (this.#running !== null || this.#doubt !== null || this.#closed) return;
    const state = this.#options.engine.state();
    if (state.phase === 'starting' || state.phase === 'unloaded') {
      for (const exchange of this.#queue) this.#hold(exchange);
    } else if (state.phase === 'ended') {
      for (const exchange of [...this.#queue]) this.#drop(exchange, engineEnded);
    } else {
      for (const exchange of [...this.#holds.keys()]) this.#release(exchange);
      const next = this.#queue.next();
      if (next !== null) this.#send(next, state.socketPath);
    }
  }

  #send(exchange: Exchange, socketPath: string): void {
    const { plan, dialect, counter, repairReply, silenceMs = patienceMs } = this.#options;
    const { request, outgoing, watch } = exchange;
    const fit = fitUnder(plan.context, request.maxTokens, exchange.tokens);
    if (!fit.fits) {
      exchange.fail(contextLowered);
      this.#sendNext();
      return;
    }
    const { maxTokens } = fit;
    const tally = watch.repaired;
    const attempt = new Attempt(repairReply({ request, maxTokens, repairs: plan.repairs, tally }), {
      began: () => {
        watch.began();
        call.limitSilence(silenceMs(maxTokens));
      },
      piece: watch.piece,
      calls: watch.calls,
      prefill: watch.prefill,
    });
    watch.sent();
    const question = { agent: this.#agent, socketPath, dialect, body: dialect.body(outgoing, maxTokens) };
    const life = this.#life;
    const call = askEngine(question, {
      events: (events) => {
        const told = attempt.feed(events);
        if (attempt.stop === null) {
          exchange.publish(told);
          return;
        }
        const { usage } = attempt;
        if (usage.input !== null && usage.input > 0) counter.learn(outgoing, usage.input);
        exchange.end('done', { status: 200, stop: attempt.stop, usage });
        // The engine is what all wait for: it gets its next request before this one's client its last words.
        if (this.#queue.size > 0) setImmediate(() => exchange.publish(told));
        else exchange.publish(told);
      },
      over: (failure) => {
        this.#running = null;
        if (failure !== null) this.#failed(exchange, attempt, failure, life);
        this.#sendNext();
      },
    });
    this.#running = { exchange, call, life };
  }

  #failed(exchange: Exchange, attempt: Attempt, failure: Failure, life: number): void {
    if (exchange.outcome !== null) return;
    if (failure.engine === 'gone') exchange.lost++;
    if (failure.engine === 'answered' || attempt.told || exchange.lost > maxLost) {
      const told = attempt.fail(failure.problem);
      exchange.end('failed', { status: failure.problem.status, stop: null, usage: attempt.usage });
      exchange.publish(told);
      return;
    }
    this.#queue.putBack(exchange);
    // It is known to have died; whether it is back decides when the request is sent again.
    if (life !== this.#life) return;
    this.#doubt = setTimeout(
      () => {
        this.#doubt = null;
        this.#drop(exchange, failure.problem);
        this.#sendNext();
      },
      Math.min(doubtMs, this.#options.plan.holdMs),
    );
  }

  #engineChanged(): void {
    if (this.#doubt !== null) clearTimeout(this.#doubt);
    this.#doubt = null;
    const socketPath = socketOf(this.#options.engine);
    if (socketPath !== this.#socketPath) this.#life++;
    this.#socketPath = socketPath;
    // While it starts again, what the last one had still said may be under way.
    const starting = this.#options.engine.state().phase === 'starting';
    if (this.#running !== null && this.#running.life !== this.#life && !starting) this.#running.call.giveUp();
    this.#sendNext();
  }

  #hold(exchange: Exchange): void {
    if (this.#holds.has(exchange)) return;
    const { holdMs } = this.#options.plan;
    this.#holds.set(
      exchange,
      setTimeout(() => this.#drop(exchange, notReady(holdMs)), holdMs),
    );
  }

  #release(exchange: Exchange): void {
    clearTimeout(this.#holds.get(exchange));
    this.#holds.delete(exchange);
  }

  #drop(exchange: Exchange, problem: Problem): void {
    this.#release(exchange);
    this.#queue.remove(exchange);
    exchange.fail(problem);
  }
}

const socketOf = (engine: EngineLink): string | null => {
  const state = engine.state();
  return state.phase === 'ready' ? state.socketPath : null;
};

const overloaded = (message: string): Problem => ({
  status: 529,
  type: 'overloaded_error',
  message: `cclocal: ${message}`,
});

const notReady = (ms: number): Problem => overloaded(`the engine has not been ready for ${Math.round(ms / 1000)} s`);
const contextLowered = overloaded('the engine was restarted with a smaller context; ask again');
const engineEnded = overloaded('the engine has ended and will not come back; its log tells why');
