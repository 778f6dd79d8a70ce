import { engineIds } from '../engines/engine.ts';
import { privacies, type KeeperPlan } from '../launch/plan.ts';
import {
  type Check,
  type Checked,
  either,
  flag,
  list,
  number,
  object,
  oneOf,
  orNull,
  record,
  text,
  whole,
} from './shape.ts';
import { keeperRecord } from './record.ts';
import type { Failure } from '../errors.ts';
import type { GatewayPlan } from '../gateway/plan.ts';

const gatewayPlan: Check<GatewayPlan> = object({
  context: whole,
  names: list(text),
  repairs: object({
    systemText: oneOf('keep', 'to-user'),
    thinking: oneOf('keep', 'strip'),
    toolSchemas: flag,
    toolArguments: flag,
    textCalls: flag,
    truncationNotice: flag,
  }),
  fields: record(either(text, flag)),
  sampling: record(number),
  counting: oneOf('exact', 'estimate'),
  holdMs: whole,
  comebackMs: whole,
  pingMs: whole,
  openPort: orNull(object({ wanted: orNull(whole) })),
  logRequests: flag,
});

const keeperPlan: Check<KeeperPlan> = object({
  engine: object({
    id: oneOf(...engineIds),
    dialect: oneOf('anthropic', 'openai'),
    python: text,
    own: flag,
    flags: list(text),
    env: record(text),
    serves: text,
    prompts: object({
      mode: oneOf('simple', 'batched'),
      toolParser: text,
      templateKwargs: record(either(flag, text, number)),
    }),
    why: text,
  }),
  weights: object({
    repo: orNull(text),
    revision: orNull(text),
    snapshotPath: orNull(text),
    complete: flag,
    bytes: orNull(number),
    trustCode: flag,
    hubCache: text,
  }),
  context: whole,
  diskCache: orNull(object({ path: text, maxBytes: number })),
  gateway: orNull(gatewayPlan),
  port: object({ wanted: orNull(whole), first: whole, last: whole }),
  privacy: oneOf(...privacies),
  expects: orNull(
    object({ machine: text, prefillStep: whole, predicted: list(object({ tokens: whole, bytes: whole })) }),
  ),
  idleUnloadMs: orNull(whole),
  stop: object({ interruptMs: number, killMs: number, askBeforeKill: flag }),
});

/** The one line that a session writes on a new keeper's standard input. */
export const keeperStart = object({
  schemaVersion: oneOf(1),
  plan: keeperPlan,
  paths: object({ logs: text, run: text, clients: text, cache: text, memory: text, limit: text }),
  /** Environment of the engine host. */
  env: record(text),
  /** Seconds a download may stand still. */
  stallSeconds: number,
  /** How long it waits for its first session, ms. */
  firstJoinMs: whole,
});
export type KeeperStart = Checked<typeof keeperStart>;

/** The one line that a new keeper writes on its standard output: it can be joined, or why it could not start. */
export type KeeperUp = { readonly up: Checked<typeof keeperRecord> } | { readonly failed: Failure };
const isFailure: Check<Failure> = (value): value is Failure => object({ reason: text })(value);
const up = object({ up: keeperRecord });
const failed = object({ failed: isFailure });
export const keeperUp: Check<KeeperUp> = (value): value is KeeperUp => up(value) || failed(value);
