import type { Count } from './counter/counter.ts';
import { fitUnder, fitsByGuess } from './ceiling.ts';
import { sameRequest, supersedes, type Asked } from './desk-identity.ts';
import { Line, type LineOptions } from './desk-line.ts';
import type { Outgoing } from './dialects/dialect.ts';
import { Exchange } from './exchange.ts';
import { RefusedRequest, type ModelRequest, type Problem } from './model.ts';
import type { RepairRequest, Tally } from './repairs/repair.ts';
import { withPlanFields } from './request-fields.ts';
import type { RequestDesk, Sender, Ticket } from './ticket.ts';
import { WarmUp, type WarmUpFigures } from './warm/warm-up.ts';
import type { RepairCounts, RequestWatch, Watcher } from './watcher.ts';

export interface DeskOptions extends LineOptions {
  /** The engine's own name of the model. */
  readonly engineModel: string;
  readonly repairRequest: RepairRequest;
  readonly watcher: Watcher;
}

export interface Desk extends RequestDesk {
  /** Has the engine read what a request begins with, if it has nothing else to do; see `WarmUp`. */
  readonly warm: (request: ModelRequest) => Promise<WarmUpFigures | null>;
  /** What it holds right now; nothing when all is done. */
  readonly sizes: () => { readonly exchanges: number; readonly waiting: number; readonly running: boolean };
}

interface Begun {
  readonly exchange: Exchange;
  readonly ticket: Ticket;
}

/** A request is short when its prompt is small and its reply can be, too: such are titles and classifications. */
const shortPrompt = 2_000;
const shortReply = 1_024;

export function createDesk(options: DeskOptions): Desk {
  const desk = new OpenDesk(options);
  return {
    submit: (request, from) => desk.submit(request, from),
    count: async (request) => (await desk.count(request)).tokens,
    warm: (request) => desk.warmUp.run(request),
    close: () => desk.close(),
    sizes: () => desk.sizes(),
  };
}

/**
 * Joining: a request joins an identical one that nobody listens to any more. While somebody does, it waits for its turn
 * (two that ask for the same at once, with a temperature, want two replies), and joins at the moment that client leaves:
 * a retry whose first connection is dying unnoticed loses nothing by it.
 */
class OpenDesk {
  readonly #options: DeskOptions;
  readonly #line: Line;
  readonly warmUp: WarmUp;
  /** In flight, waiting, or done while nobody was there; by caller. */
  readonly #exchanges = new Map<string, Set<Exchange>>();
  /** Those without clients, until the client's time to come back is over. */
  readonly #deserted = new Map<Exchange, NodeJS.Timeout>();
  #received = 0;
  #closed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#line = new Line(options);
    this.warmUp = new WarmUp(options, this.#line, (request) => this.#write(request, () => undefined));
  }

  async submit(request: ModelRequest, from: Sender): Promise<Ticket> {
    if (this.#closed) throw new RefusedRequest(closing);
    const repairs: (keyof RepairCounts)[] = [];
    let outgoing: Outgoing;
    try {
      outgoing = this.#write(request, (repair) => void repairs.push(repair));
    } catch (error) {
      refused(this.#receive(request, from), error);
      throw error;
    }
    this.warmUp.makeWay(outgoing);
    const asked: Asked = { caller: from.caller, request, outgoing };
    const joined = this.#join(asked);
    if (joined !== null) return joined;
    this.#cancelBefore(asked);
    const watch = this.#receive(request, from);
    for (const repair of repairs) watch.repaired(repair);
    const { counter, plan } = this.#options;
    // The engine need not wait for a count that will most likely change nothing; the client does, before it is told anything.
    const guess = counter.guess(outgoing) ?? Infinity;
    const ahead = fitsByGuess(plan.context, request.maxTokens, guess) ? this.#begin(asked, watch, guess) : null;
    const count = await counter.count(outgoing);
    watch.counted(count.tokens, count.exact);
    let longest: number;
    try {
      longest = this.#longestReply(request, count);
    } catch (error) {
      if (ahead !== null) this.#takeBack(ahead.exchange);
      refused(watch, error);
      throw error;
    }
    if (ahead !== null) {
      ahead.exchange.tokens = count.tokens;
      const rightlySent = longest >= request.maxTokens || this.#line.isWaiting(ahead.exchange);
      if (rightlySent || ahead.exchange.outcome !== null) return ahead.ticket;
      this.#takeBack(ahead.exchange);
    }
    // The client of the same request may have left while this one was counted.
    const late = this.#join(asked);
    if (late !== null) {
      watch.ended('cancelled', noReply(200));
      return late;
    }
    return this.#begin(asked, watch, count.tokens).ticket;
  }

  async count(request: ModelRequest): Promise<Count> {
    return this.#options.counter.count(this.#write(request, () => undefined));
  }

  close(): void {
    this.#closed = true;
    for (const exchange of [...this.#exchanges.values()].flatMap((of) => [...of])) {
      exchange.fail(closing, 'cancelled');
      this.#forget(exchange);
    }
    this.warmUp.makeWay({ frame: '' });
    this.#line.close();
  }

  sizes(): ReturnType<Desk['sizes']> {
    const exchanges = [...this.#exchanges.values()].reduce((sum, of) => sum + of.size, 0);
    return { exchanges, waiting: this.#line.waiting, running: this.#line.running };
  }

  #write(request: ModelRequest, tally: Tally): Outgoing {
    const { plan, dialect, engineModel, repairRequest } = this.#options;
    return dialect.write(withPlanFields(repairRequest(request, plan.repairs, tally), plan), engineModel);
  }

  #receive(request: ModelRequest, { caller, bytes }: Sender): RequestWatch {
    const { model, stream, maxTokens } = request;
    const messages = request.messages.length;
    this.#received++;
    return this.#options.watcher.received({ id: this.#received, caller, model, stream, bytes, messages, maxTokens });
  }

  #longestReply(request: ModelRequest, { tokens }: Count): number {
    if (this.#closed) throw new RefusedRequest(closing);
    const fit = fitUnder(this.#options.plan.context, request.maxTokens, tokens);
    if (!fit.fits) throw new RefusedRequest(fit.problem);
    return fit.maxTokens;
  }

  #begin({ caller, request, outgoing }: Asked, watch: RequestWatch, tokens: number): Begun {
    const short = tokens <= shortPrompt && (request.maxTokens <= shortReply || request.tools.length === 0);
    const exchange = new Exchange(
      { caller, request, outgoing, tokens, short, watch },
      { deserted: (one) => this.#wasDeserted(one), ended: (one) => this.#hasEnded(one) },
    );
    this.#remember(exchange);
    const ticket = exchange.sit();
    this.#line.add(exchange);
    return { exchange, ticket };
  }

  /** As if it had not begun: its client was told nothing yet. */
  #takeBack(exchange: Exchange): void {
    this.#line.remove(exchange);
    this.#forget(exchange);
  }

  #join(asked: Asked): Ticket | null {
    for (const exchange of this.#exchanges.get(asked.caller) ?? []) {
      if (exchange.hasClients || !sameRequest(exchange, asked)) continue;
      this.#expectNoLonger(exchange);
      const ticket = exchange.sit();
      if (exchange.outcome === null) exchange.watch.cameBack();
      else this.#forget(exchange);
      return ticket;
    }
    return null;
  }

  /** Who goes on with a conversation does not come back for what was asked in it before. */
  #cancelBefore(asked: Asked): void {
    for (const exchange of [...(this.#exchanges.get(asked.caller) ?? [])]) {
      if (!exchange.hasClients && supersedes(asked, exchange)) this.#cancel(exchange);
    }
  }

  #wasDeserted(exchange: Exchange): void {
    if (exchange.outcome !== null) return;
    exchange.watch.left();
    for (const twin of this.#exchanges.get(exchange.caller) ?? []) {
      if (twin === exchange || !twin.hasClients || !sameRequest(twin, exchange) || !this.#line.isWaiting(twin))
        continue;
      twin.moveTo(exchange);
      exchange.watch.cameBack();
      this.#line.remove(twin);
      twin.end('cancelled', noReply(200));
      return;
    }
    this.#deserted.set(
      exchange,
      setTimeout(() => this.#cancel(exchange), this.#options.plan.comebackMs),
    );
  }

  /** What was done while nobody was there is kept for whoever comes back. */
  #hasEnded(exchange: Exchange): void {
    if (exchange.hasClients || exchange.outcome !== 'done') this.#forget(exchange);
  }

  #cancel(exchange: Exchange): void {
    exchange.end('cancelled', noReply(clientClosedRequest));
    this.#line.remove(exchange);
    this.#forget(exchange);
  }

  #remember(exchange: Exchange): void {
    const mine = this.#exchanges.get(exchange.caller);
    if (mine === undefined) this.#exchanges.set(exchange.caller, new Set([exchange]));
    else mine.add(exchange);
  }

  #forget(exchange: Exchange): void {
    this.#expectNoLonger(exchange);
    const mine = this.#exchanges.get(exchange.caller);
    mine?.delete(exchange);
    if (mine?.size === 0) this.#exchanges.delete(exchange.caller);
  }

  #expectNoLonger(exchange: Exchange): void {
    clearTimeout(this.#deserted.get(exchange));
    this.#deserted.delete(exchange);
  }
}

/** The status that nginx notes for a client that went away before its answer. */
const clientClosedRequest = 499;

const closing: Problem = { status: 529, type: 'overloaded_error', message: 'cclocal: the gateway is closing' };

const noReply = (status: number) => ({ status, stop: null, usage: null });

function refused(watch: RequestWatch, error: unknown): void {
  if (error instanceof RefusedRequest) watch.ended('refused', noReply(error.problem.status));
  else watch.ended('failed', noReply(500));
}
