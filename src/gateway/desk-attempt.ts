import { mergeUsage } from './collect.ts';
import { noUsage } from './dialects/dialect.ts';
import type { ModelEvent, Prefill, Problem, StopReason, Usage } from './model.ts';
import type { ReplyRepair } from './repairs/repair.ts';

export interface AttemptHearer {
  /** First content of the reply. */
  readonly began: () => void;
  readonly piece: () => void;
  /** A block of the reply begins: a call of this tool, or null. */
  readonly calls: (tool: string | null) => void;
  readonly prefill: (progress: Prefill) => void;
}

/**
 * One sending of a request to the engine: turns what the engine says into what the clients are told. Nothing is told
 * before there is content, so that until then an engine that fails can still be answered for with an HTTP status, and one
 * that restarts can be asked again; clients are kept with pings meanwhile. Of calls nothing is told before the reply is
 * whole: an agent may carry out a call as soon as it has it, and one that asks again after a cut would do so twice.
 */
export class Attempt {
  readonly #repair: ReplyRepair;
  readonly #hearer: AttemptHearer;
  /** Null once the clients have been told something. */
  #held: ModelEvent[] | null = [];
  /** From the first call on; null = there was none. */
  #calls: ModelEvent[] | null = null;
  #began = false;
  #usage: Usage = noUsage;
  #stop: StopReason | null = null;
  #failed = false;

  constructor(repair: ReplyRepair, hearer: AttemptHearer) {
    this.#repair = repair;
    this.#hearer = hearer;
  }

  /** Whether the clients have been told anything of it. */
  get told(): boolean {
    return this.#held === null;
  }

  get usage(): Usage {
    return this.#usage;
  }

  /** Why the reply ended; null = it has not, or with a problem. */
  get stop(): StopReason | null {
    return this.#stop;
  }

  /** What the clients are told upon a chunk of the engine's reply. After the end it is nothing. */
  feed(events: readonly ModelEvent[]): readonly ModelEvent[] {
    const told: ModelEvent[] = [];
    for (const event of events) {
      this.#hear(event);
      for (const repaired of this.#repair.feed(event)) this.#take(repaired, told);
      // The end is the end, whatever a repair thinks of it.
      if (event.kind === 'stop') this.#take(event, told);
    }
    return told;
  }

  /** What the clients are told when the reply fails: what a repair still held back of it, then the problem. */
  fail(problem: Problem): readonly ModelEvent[] {
    const told: ModelEvent[] = [];
    const event = { kind: 'problem', problem } as const;
    for (const repaired of this.#repair.feed(event)) this.#take(repaired, told);
    this.#take(event, told);
    return told;
  }

  /** Content counts from when the engine says it: a repair may hold a call back until it is whole. */
  #hear(event: ModelEvent): void {
    if (this.#stop !== null || this.#failed || !isContent(event)) return;
    if (!this.#began) {
      this.#began = true;
      this.#hearer.began();
    }
    if (event.kind === 'open') this.#hearer.calls(event.block.type === 'tool_use' ? event.block.name : null);
    else if (event.kind !== 'signature') this.#hearer.piece();
  }

  #take(event: ModelEvent, told: ModelEvent[]): void {
    if (this.#stop !== null || this.#failed) return;
    if (event.kind === 'start' || event.kind === 'stop') this.#usage = mergeUsage(this.#usage, event.usage);
    if (event.kind === 'stop') this.#stop = event.reason;
    if (event.kind === 'problem') this.#failed = true;
    if (event.kind === 'alive' && event.progress !== undefined) this.#hearer.prefill(event.progress);
    if (event.kind === 'open' && event.block.type === 'tool_use') this.#calls ??= [];
    if (event.kind === 'problem') this.#calls = null;
    if (this.#calls !== null && event.kind !== 'alive' && event.kind !== 'stop') this.#calls.push(event);
    else this.#tell(event, told);
  }

  #tell(event: ModelEvent, told: ModelEvent[]): void {
    const content = isContent(event);
    if (event.kind === 'stop' && this.#calls !== null) {
      const calls = this.#calls;
      this.#calls = null;
      for (const held of calls) this.#tell(held, told);
    }
    if (this.#held === null) told.push(event);
    else if (content || event.kind === 'stop') {
      told.push(...this.#held, event);
      this.#held = null;
    } else if (event.kind === 'problem') {
      told.push(event);
      this.#held = null;
    } else if (event.kind !== 'alive') this.#held.push(event);
  }
}

/** Whether an event has something of the model's reply in it; the opening of a call has its name. */
function isContent(event: ModelEvent): boolean {
  switch (event.kind) {
    case 'text':
    case 'thinking':
      return event.text !== '';
    case 'arguments':
      return event.json !== '';
    case 'open':
      return event.block.type === 'tool_use';
    case 'signature':
      return true;
    case 'start':
    case 'close':
    case 'alive':
    case 'stop':
    case 'problem':
      return false;
  }
}
