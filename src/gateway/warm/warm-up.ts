import { monotonicMs } from '../../os/clock.ts';
import type { Counter } from '../counter/counter.ts';
import { fitsByGuess } from '../ceiling.ts';
import type { Line } from '../desk-line.ts';
import type { Outgoing } from '../dialects/dialect.ts';
import { Exchange } from '../exchange.ts';
import { RefusedRequest, type ModelRequest } from '../model.ts';
import type { GatewayPlan } from '../plan.ts';
import type { EndDetail, RequestWatch } from '../watcher.ts';

/** What a warm-up was. */
export interface WarmUpFigures {
  /** Tokens of its prompt, and those of them that the engine had kept from before; null = not told. */
  readonly inputTokens: number;
  readonly cachedTokens: number | null;
  /** From when it was sent until the engine had read it. */
  readonly ms: number;
}

export interface WarmUpOptions {
  readonly counter: Pick<Counter, 'count' | 'guess'>;
  readonly plan: Pick<GatewayPlan, 'context'>;
}

type Write = (request: ModelRequest) => Outgoing;
type Way = Pick<Line, 'add' | 'remove' | 'isWaiting' | 'running' | 'waiting'>;

/** Whose requests these are. No client can have that name. */
const caller = 'warm-up';

/**
 * A request that nobody asked for, sent while nothing else is to be done, so that the engine has read what the agent's
 * first request begins with. It is no turn: nothing of it is counted or shown as one.
 */
export class WarmUp {
  readonly #options: WarmUpOptions;
  readonly #line: Way;
  readonly #write: Write;
  #exchange: Exchange | null = null;
  /** Requests that have come. */
  #came = 0;

  /** `write` may throw `RefusedRequest`. */
  constructor(options: WarmUpOptions, line: Way, write: Write) {
    this.#options = options;
    this.#line = line;
    this.#write = write;
  }

  /** Settles when it is over; null = it was not sent, or did not come to its end. Never rejects. */
  async run(request: ModelRequest): Promise<WarmUpFigures | null> {
    const line = this.#line;
    const { counter, plan } = this.#options;
    const outgoing = this.#written(request);
    if (outgoing === null) return null;
    // Counted in any case, so that the counter knows this beginning when the agent's own request comes.
    const came = this.#came;
    const counting = counter.count(outgoing);
    const tokens = counter.guess(outgoing) ?? (await counting).tokens;
    if (this.#came !== came || this.#exchange !== null || line.running || line.waiting > 0) return null;
    if (!fitsByGuess(plan.context, request.maxTokens, tokens)) return null;
    const ended = await new Promise<Ended | null>((resolve) => {
      const watch = watchUntil(resolve);
      this.#exchange = new Exchange({ caller, request, outgoing, tokens, short: false, watch }, noHooks);
      line.add(this.#exchange);
    });
    this.#exchange = null;
    if (ended === null) return null;
    const { usage, ms } = ended;
    const input = usage?.input ?? 0;
    const inputTokens = input > 0 ? input : (await counting).tokens;
    return { inputTokens, cachedTokens: usage?.cached ?? null, ms };
  }

  /**
   * A request has come. One that begins as the warm-up does has to read the same, so what is half done is finished for
   * it. Any other gets the engine at once, and so does one that comes before the warm-up has begun.
   */
  makeWay({ frame }: Pick<Outgoing, 'frame'>): void {
    this.#came += 1;
    const line = this.#line;
    const exchange = this.#exchange;
    if (exchange === null || (exchange.outgoing.frame === frame && !line.isWaiting(exchange))) return;
    this.#exchange = null;
    line.remove(exchange);
    exchange.end('cancelled', { status: 200, stop: null, usage: null });
  }

  #written(request: ModelRequest): Outgoing | null {
    try {
      return this.#write(request);
    } catch (error) {
      if (error instanceof RefusedRequest) return null;
      throw error;
    }
  }
}

const noHooks = { deserted: () => undefined, ended: () => undefined };

interface Ended {
  readonly usage: EndDetail['usage'];
  readonly ms: number;
}

/** Hears of one request only how it ended and how long the engine took to read it. */
function watchUntil(over: (ended: Ended | null) => void): RequestWatch {
  let sentAt = 0;
  let readAt: number | null = null;
  const nothing = (): void => undefined;
  return {
    ...{
      counted: nothing,
      prefill: nothing,
      piece: nothing,
      calls: nothing,
      repaired: nothing,
      left: nothing,
      cameBack: nothing,
    },
    sent: () => {
      sentAt = monotonicMs();
      readAt = null;
    },
    began: () => (readAt ??= monotonicMs()),
    ended: (outcome, { usage }) => over(outcome === 'done' ? { usage, ms: (readAt ?? monotonicMs()) - sentAt } : null),
  };
}
