import type { Agent } from '../agents/agent.ts';
import type { Engine, ServeInput } from '../engines/engine.ts';
import { fail } from '../errors.ts';
import type { CatalogRow } from '../models/catalog.ts';
import type { ModelFigures } from '../models/memory/model-memory.ts';
import type { Paths } from '../os/paths.ts';
import { prefixCacheBytes } from '../preflight/need.ts';
import type { Facts } from './facts.ts';
import { planDiskCache } from './plan-cache.ts';
import { planExpects } from './plan-expects.ts';
import { count } from '../report/units.ts';
import { planGateway } from './plan-gateway.ts';
import type { AirgapPlan, KeeperPlan, MemoryPlan, Plan, Privacy, SessionPlan } from './plan.ts';
import { planSession } from './plan-session.ts';
import type { LaunchRequest } from './request.ts';

/** The port the public endpoint takes when none was asked for, and the last one tried. */
const firstPort = 8000;
const lastPort = 8019;
/** Output tokens a reply unless --out-tokens says otherwise: a Write call must carry a whole file body. */
const usualOutputTokens = 8192;
/** Weights from which ending the engine takes longer, because a Mac unwires them page by page. */
const heavyBytes = 1e9;

export interface PlanInput {
  readonly request: LaunchRequest;
  readonly facts: Facts;
  readonly row: CatalogRow;
  /** What the row's model costs in memory. */
  readonly figures: ModelFigures;
  /** What choosing the model and finding the agent had to say. */
  readonly words: readonly string[];
  readonly engine: Engine;
  readonly agent: Agent;
  readonly paths: Paths;
  readonly memory: MemoryPlan;
  /** The machine, as `machineIdentity` names it, where it was really asked; null = nothing measured is kept. */
  readonly measuredOn: string | null;
  /** Bytes free on the disk of cclocal's folder; null = nobody looked. */
  readonly diskFreeBytes: number | null;
  /** What the engine may keep of conversations in memory, as the memory check found, bytes; null = a whole one. */
  readonly storedBytes: number | null;
  /** Tokens prefilled at a time, as the memory check chose. */
  readonly prefillStep: number;
  /** The running keeper that meets this plan; null = start one. */
  readonly join: string | null;
  readonly admitted: SessionPlan['admitted'];
  readonly airgap: AirgapPlan | null;
  /** Where the rehearsal model lies or will be built; null for real models. */
  readonly rehearsal: string | null;
}

/**
 * Decides everything that can be decided before the first effect. Pure: the same input gives the same plan. Fails with
 * `usage` for a context that the model was not made for.
 */
export function planLaunch(input: PlanInput): Plan {
  const { request, row, memory } = input;
  refuseTooLong(request, row);
  const context = request.context ?? row.context;
  const outputTokens = Math.min(request.outTokens ?? usualOutputTokens, Math.floor(context / 4));
  const disk = planDiskCache({
    engine: input.engine,
    mode: row.engine.mode,
    model: row.id,
    folder: input.paths.prompts,
    privacy: privacyOf(request),
    prefixCacheBytes: prefixCacheBytes(input.figures, context),
    freeBytes: input.diskFreeBytes,
  });
  const keeper = planKeeper(input, context, outputTokens, disk.diskCache);
  const session = planSession(input, context, outputTokens);
  return {
    schemaVersion: 1,
    model: {
      name: row.id,
      label: row.label,
      row: request.model.kind === 'row' || request.model.kind === 'ask' ? row.flag : null,
      notes: row.notes,
    },
    join: input.join,
    keeper,
    session,
    memory,
    cleanup: cleanup(session, memory),
    words: [
      ...input.words,
      ...storedWords(input, context),
      ...disk.words,
      ...ownWords(request, context, outputTokens),
      ...codeWords(keeper.weights),
    ],
  };
}

/** At most a whole conversation, and no more than the memory check left. */
const storedPrefixes = ({ figures, storedBytes }: PlanInput, context: number): number =>
  Math.min(prefixCacheBytes(figures, context), storedBytes ?? Infinity);

function storedWords(input: PlanInput, context: number): readonly string[] {
  const whole = prefixCacheBytes(input.figures, context);
  const stored = storedPrefixes(input, context);
  if (input.row.engine.mode === 'simple' || stored >= whole) return [];
  const tokens = Math.floor((context * stored) / whole / 1024) * 1024;
  return [
    `Memory is short: about ${count(tokens)} tokens of a conversation are kept from turn to turn; a longer one is read anew.`,
  ];
}

const privacyOf = (request: LaunchRequest): Privacy => (request.private ? 'private' : 'standard');

function refuseTooLong({ context }: LaunchRequest, { label, maxContext }: CatalogRow): void {
  if (context === null || maxContext === null || context <= maxContext) return;
  fail({
    reason: 'usage',
    problem: `--context ${context} is more than ${label} was made for: ${maxContext} tokens.`,
    hint: `Type --context ${maxContext} or less.`,
  });
}

function planKeeper(
  input: PlanInput,
  context: number,
  outputTokens: number,
  diskCache: KeeperPlan['diskCache'],
): KeeperPlan {
  const { request, facts, row, engine } = input;
  const { weights } = facts;
  const serveInput: ServeInput = {
    serves: row.id,
    context,
    outputTokens,
    mode: row.engine.mode,
    toolParser: row.toolParser,
    templateKwargs: row.templateKwargs,
    trustCode: request.trustCode,
    behindGateway: !request.direct,
    prefillStep: input.prefillStep,
    prefixCacheBytes: storedPrefixes(input, context),
    diskCacheBytes: diskCache?.maxBytes ?? null,
    sampling: row.sampling,
  };
  const serve = engine.serve(serveInput, facts.engine.flags);
  const folder = input.rehearsal ?? (request.model.kind === 'folder' ? request.model.path : null);
  const bytes = input.figures.weights?.bytes ?? null;
  const heavy = facts.machine.platform === 'darwin' && (bytes ?? Infinity) > heavyBytes;
  return {
    engine: {
      id: engine.id,
      dialect: engine.dialect,
      python: facts.engine.python,
      own: facts.engine.own,
      flags: serve.args,
      env: serve.env,
      serves: row.id,
      prompts: { mode: row.engine.mode, toolParser: row.toolParser, templateKwargs: row.templateKwargs },
      why: row.engine.why,
    },
    weights: {
      repo: folder === null ? row.id : null,
      revision: folder === null ? (weights.revision ?? row.revision) : null,
      snapshotPath: folder ?? weights.snapshotPath,
      complete: folder !== null || weights.complete,
      bytes: weights.bytes ?? row.downloadBytes,
      trustCode: request.trustCode,
      hubCache: weights.hubCache,
    },
    context,
    diskCache,
    gateway: planGateway({ request, row, engine, context, fields: engine.requestFields(serveInput) }),
    port: { wanted: request.port, first: request.port ?? firstPort, last: request.port ?? lastPort },
    privacy: privacyOf(request),
    expects: request.private ? null : planExpects({ ...input, context }),
    idleUnloadMs: request.idleUnloadMs,
    // A killed engine can leak what Metal has wired until the next reboot, so a Mac waits longer and asks first.
    stop: heavy
      ? { interruptMs: 2_000, killMs: 30_000, askBeforeKill: true }
      : { interruptMs: 2_000, killMs: 4_000, askBeforeKill: false },
  };
}

function cleanup(session: SessionPlan, memory: MemoryPlan): readonly string[] {
  return [
    ...(session.agent === null ? [] : ['agent']),
    'session folder with the settings file and its token',
    'engine, keeper, public port and their private folders, with the last session',
    ...(memory.raiseLimit === null ? [] : ['GPU limit, back to what it was']),
  ];
}

function ownWords(request: LaunchRequest, context: number, outputTokens: number): readonly string[] {
  const said: string[] = [];
  if (request.outTokens !== null && request.outTokens > outputTokens) {
    said.push(
      `Replies are limited to ${outputTokens} tokens, a quarter of the context of ${context}; ${request.outTokens} were asked for.`,
    );
  }
  return said;
}

function codeWords({ trustCode, repo, revision }: KeeperPlan['weights']): readonly string[] {
  if (!trustCode) return [];
  const at = revision === null ? '' : `, at commit ${revision}`;
  return [
    repo === null
      ? "Code files in the model's folder may run (--trust-code)."
      : `Code files of the model's repository are fetched and may run (--trust-code)${at}.`,
  ];
}
