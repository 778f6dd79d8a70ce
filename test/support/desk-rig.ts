import type { Count } from '../../src/gateway/counter/counter.ts';
import { createDesk, type DeskOptions } from '../../src/gateway/desk.ts';
import type { EngineState } from '../../src/gateway/engine-link.ts';
import type { ModelEvent, ModelRequest } from '../../src/gateway/model.ts';
import type { GatewayPlan } from '../../src/gateway/plan.ts';
import type { Ticket } from '../../src/gateway/ticket.ts';
import { plainDialect } from './plain-dialect.ts';
import { scriptedUpstream, type Script } from './scripted-upstream.ts';

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] };

export const testPlan: GatewayPlan = {
  context: 32_768,
  names: [],
  repairs: {
    ...{ systemText: 'keep', thinking: 'keep', toolSchemas: false },
    ...{ toolArguments: false, textCalls: false, truncationNotice: false },
  },
  fields: {},
  sampling: {},
  counting: 'exact',
  holdMs: 5_000,
  comebackMs: 5_000,
  pingMs: 1_000,
  openPort: null,
  logRequests: false,
};

/** A request of one user message for each text; the first names the conversation. */
export function ask(texts: readonly string[], more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    ...{ model: 'm', system: [], tools: [], toolChoice: null, maxTokens: 4_096, stream: true },
    ...{ stopSequences: [], extra: {} },
    messages: texts.map((text) => ({ role: 'user', content: [{ type: 'text', text }] })),
    ...more,
  };
}

/** A desk at a scripted engine, and everything that is told of its requests. */
export async function deskRig(script: Script, change: Partial<GatewayPlan> = {}, options: Partial<DeskOptions> = {}) {
  const upstream = await scriptedUpstream(script);
  const plan: Changeable<GatewayPlan> = { ...testPlan, ...change };
  const told: string[] = [];
  const ends: { readonly id: number; readonly outcome: string; readonly status: number }[] = [];
  const learnt: number[] = [];
  let received = 0;
  let state: EngineState = { phase: 'ready', socketPath: upstream.socketPath };
  let count: (messages: string) => Count | Promise<Count> = () => ({ tokens: 100, exact: true });
  let guess: number | null = null;
  const listeners = new Set<() => void>();
  const desk = createDesk({
    plan,
    dialect: plainDialect,
    engineModel: 'engine-model',
    engine: {
      state: () => state,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    counter: {
      count: (outgoing) => Promise.resolve(count(outgoing.messages.join('\n'))),
      guess: () => guess,
      learn: (_, tokens) => void learnt.push(tokens),
      close: () => undefined,
    },
    repairRequest: (request) => request,
    repairReply: () => ({ feed: (event) => [event] }),
    watcher: {
      refused: () => undefined,
      received: ({ id }) => {
        received++;
        const say = (what: string): void => void told.push(`${id} ${what}`);
        say('received');
        return {
          counted: (tokens) => say(`counted ${tokens}`),
          sent: () => say('sent'),
          prefill: ({ done, total }) => say(`prefill ${done}/${total}`),
          began: () => say('began'),
          piece: () => say('piece'),
          calls: () => undefined,
          repaired: (repair) => say(`repaired ${repair}`),
          left: () => say('left'),
          cameBack: () => say('cameBack'),
          ended: (outcome, { status }) => {
            say(`ended ${outcome}`);
            ends.push({ id, outcome, status });
          },
        };
      },
    },
    ...options,
  });
  return {
    desk,
    upstream,
    plan,
    told,
    ends,
    learnt,
    received: () => received,
    listeners: () => listeners.size,
    countBy: (counting: typeof count) => void (count = counting),
    guess: (tokens: number | null) => void (guess = tokens),
    engine: (next: 'starting' | 'ready' | 'ended') => {
      state = next === 'ready' ? { phase: next, socketPath: upstream.socketPath } : { phase: next };
      for (const listener of [...listeners]) listener();
    },
    /** Hands a request in and listens. */
    client: async (request: ModelRequest, caller = 's1') =>
      new Client(await desk.submit(request, { caller, bytes: 10 })),
    [Symbol.asyncDispose]: async () => {
      desk.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** Who listens to a ticket. Fails when it is told anything after the end or after it left. */
export class Client {
  readonly batches: (readonly ModelEvent[])[] = [];
  /** With the last event. */
  readonly ended: Promise<ModelEvent>;
  readonly broken: string[] = [];
  readonly #ticket: Ticket;
  #over = false;

  get inputTokens(): number {
    return this.#ticket.inputTokens;
  }

  constructor(ticket: Ticket) {
    this.#ticket = ticket;
    this.ended = new Promise((resolve) => {
      ticket.listen((events) => {
        if (this.#over) this.broken.push(`told after the end: ${JSON.stringify(events)}`);
        this.batches.push(events);
        const last = events.at(-1);
        if (last?.kind !== 'stop' && last?.kind !== 'problem') return;
        this.#over = true;
        resolve(last);
      });
    });
  }

  get events(): readonly ModelEvent[] {
    return this.batches.flat();
  }

  get said(): string {
    return this.events.map((event) => (event.kind === 'text' ? event.text : '')).join('');
  }

  leave(): void {
    this.#over = true;
    this.#ticket.leave();
  }
}
