import type { WarmUpFigures } from '../warm/warm-up.ts';
import type { RepairCounts } from '../watcher.ts';
import type { Book, EnginePhase } from './book.ts';
import { stageOf, writingOf, type Live, type Outcome, type Stage } from './live.ts';
import { prefillOf } from './prefill.ts';
import type { Turn } from './turn.ts';

/** What `GET /cclocal/status` answers. Null = not known. Shares are 0 to 1; nothing in it is content. */
export interface GatewayStatus {
  readonly schemaVersion: 1;
  readonly model: string;
  readonly phase: EnginePhase;
  readonly phaseSeconds: number;
  readonly restarts: number;
  readonly queue: { readonly running: number; readonly waiting: number };
  /** `used` = the prompt at the engine, else the last prompt and its reply; tokens. */
  readonly context: { readonly ceiling: number; readonly used: number | null; readonly share: number | null };
  /** The request at the engine. */
  readonly current: RequestStatus | null;
  readonly waiting: readonly RequestStatus[];
  /** The last request that was not cancelled. */
  readonly last: Turn | null;
  readonly prefillTokensPerSecond: number | null;
  /** What was read before anybody asked: no turn, and in no sum. */
  readonly warmUp: WarmUpFigures | null;
  readonly totals: {
    readonly received: number;
    readonly outcomes: Readonly<Record<Outcome, number>>;
    readonly refusals: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedTokens: number;
    readonly cachedShare: number | null;
    readonly repairs: Readonly<Record<keyof RepairCounts, number>>;
    readonly left: number;
    readonly cameBack: number;
  };
}

export interface RequestStatus {
  readonly id: number;
  readonly stage: Stage;
  readonly seconds: number;
  readonly inputTokens: number | null;
  readonly inputTokensExact: boolean;
  readonly cachedTokens: number | null;
  /** `told` by the engine, else estimated. */
  readonly prefill: {
    readonly share: number | null;
    readonly told: boolean;
    readonly secondsLeft: number | null;
  } | null;
  readonly outputTokens: number;
  /** The tool whose call is being written. */
  readonly tool: string | null;
  /** Of the stage it is in: read or written. */
  readonly tokensPerSecond: number | null;
  readonly timeToFirstTokenMs: number | null;
  readonly clientLeft: boolean;
  readonly repairs: Readonly<Partial<Record<keyof RepairCounts, number>>>;
}

/** Pure. */
export function statusOf(
  book: Book,
  { model, context }: { model: string; context: number },
  now: number,
): GatewayStatus {
  const { totals, running, last } = book;
  const waiting = [...book.live].filter((live) => live !== running);
  const lastUsed = last?.inputTokens == null ? null : last.inputTokens + (last.outputTokens ?? 0);
  const used = running?.prompt?.tokens ?? lastUsed;
  const { perMs } = book.rate;
  return {
    schemaVersion: 1,
    model,
    phase: book.phase,
    phaseSeconds: (now - book.phaseSince) / 1000,
    restarts: totals.restarts,
    queue: { running: running === null ? 0 : 1, waiting: waiting.length },
    context: { ceiling: context, used, share: used === null ? null : used / context },
    current: running === null ? null : requestStatus(running, book, now),
    waiting: waiting.map((live) => requestStatus(live, book, now)),
    last,
    prefillTokensPerSecond: perMs === null ? null : perMs * 1000,
    warmUp: book.warmUp,
    totals: {
      received: totals.received,
      outcomes: {
        done: totals.requests.get('done') ?? 0,
        failed: totals.requests.get('failed') ?? 0,
        refused: totals.requests.get('refused') ?? 0,
        cancelled: totals.requests.get('cancelled') ?? 0,
      },
      refusals: [...totals.refused.values()].reduce((sum, count) => sum + count, 0),
      inputTokens: totals.inputTokens,
      outputTokens: totals.outputTokens,
      cachedTokens: totals.cachedTokens,
      cachedShare: totals.cachedShare,
      repairs: repairsOf(totals.repairs),
      left: totals.left,
      cameBack: totals.cameBack,
    },
  };
}

function requestStatus(live: Live, { rate }: Book, now: number): RequestStatus {
  const stage = stageOf(live);
  const view = stage === 'prefill' ? prefillOf(live, rate.perMs, now) : null;
  const { tokens, perSecond } = writingOf(live, now);
  return {
    id: live.about.id,
    stage,
    seconds: (now - live.receivedAt) / 1000,
    inputTokens: live.prompt?.tokens ?? null,
    inputTokensExact: live.prompt?.exact ?? false,
    cachedTokens: live.cached,
    prefill: view === null ? null : { share: view.share, told: view.told, secondsLeft: view.secondsLeft },
    outputTokens: tokens,
    tool: stage === 'writing' ? live.tool : null,
    tokensPerSecond: view === null ? perSecond : view.tokensPerSecond,
    timeToFirstTokenMs: live.beganAt === null ? null : live.beganAt - live.receivedAt,
    clientLeft: live.left,
    repairs: Object.fromEntries(live.repairs),
  };
}

function repairsOf(counts: ReadonlyMap<keyof RepairCounts, number>): GatewayStatus['totals']['repairs'] {
  const of = (kind: keyof RepairCounts): number => counts.get(kind) ?? 0;
  return {
    systemText: of('systemText'),
    thinking: of('thinking'),
    toolSchemas: of('toolSchemas'),
    toolArguments: of('toolArguments'),
    textCalls: of('textCalls'),
    truncationNotice: of('truncationNotice'),
    emptyText: of('emptyText'),
  };
}
