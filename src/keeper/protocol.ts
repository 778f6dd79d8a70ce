import type { EngineCause, Failure } from '../errors.ts';
import type { GatewayStatus } from '../gateway/seen/index.ts';
import type { Change } from './supervise/safer.ts';
import { type Check, type Checked, either, flag, object, oneOf, orNull, text, whole } from './shape.ts';

/**
 * One JSON object a line over the keeper's Unix socket (0600, in a 0700 folder). A connection is a session, a `status`
 * or a `stop`. When a session's connection closes without `leave`, the keeper takes it for dead.
 */
export const toKeeper = either(
  object({
    type: oneOf('join'),
    /** Process of the session and, where it has one, the terminal with its saved `stty -g` state. */
    pid: whole,
    terminal: orNull(object({ path: text, state: text })),
    agent: orNull(text),
    ceiling: whole,
    cwd: text,
    /** What its agent's prompts begin with depends on this text; null = nothing is to be learnt of them. */
    promptKey: orNull(text),
  }),
  /** The agent runs: what to end if the session dies. The keeper notes its start time by itself. */
  object({ type: oneOf('agent'), pid: whole }),
  object({ type: oneOf('leave') }),
  /** Answer to `ask-kill`. */
  object({ type: oneOf('kill'), yes: flag }),
  object({ type: oneOf('status') }),
  /** Ends the keeper; the connection closes when it is gone. */
  object({ type: oneOf('stop') }),
);
export type ToKeeper = Checked<typeof toKeeper>;
export type Join = Omit<Extract<ToKeeper, { type: 'join' }>, 'type'>;

export interface KeeperStatus {
  readonly id: string;
  readonly pid: number;
  readonly model: string;
  readonly engine: string;
  readonly phase: 'fetching' | 'loading' | 'ready' | 'degraded' | 'restarting' | 'unloaded' | 'stopping' | 'failed';
  readonly url: string;
  /** Where no token is asked for; null = there is no such port. */
  readonly openUrl: string | null;
  readonly context: number;
  readonly startedAt: string;
  readonly engineLog: string;
  /** What its gateway does; null with --direct. */
  readonly gateway: GatewayStatus | null;
  readonly memoryBytes: {
    readonly keeper: number;
    /** Resident, without what the GPU holds on a Mac. */
    readonly engine: number | null;
    /** The engine at its highest: `metal` by its own count, else what its process takes. */
    readonly enginePeak: { readonly bytes: number; readonly source: 'metal' | 'footprint' } | null;
  };
  readonly sessions: readonly {
    readonly id: string;
    readonly pid: number;
    readonly agent: string | null;
    readonly cwd: string;
    readonly since: string;
  }[];
}

/** How far a start has come. Bytes on disk, bytes a second; `total` null = unknown; `secondsLeft` null = not stable. */
export type StartProgress =
  | {
      readonly stage: 'fetching';
      readonly done: number;
      readonly total: number | null;
      readonly rate: number;
      readonly secondsLeft: number | null;
      readonly stalledSeconds: number;
      /** Of how many files: those that are whole, and those of which a part is here. */
      readonly files: { readonly total: number; readonly whole: number; readonly begun: number };
    }
  /** What has arrived is compared with the hub's checksums; bytes. */
  | { readonly stage: 'verifying'; readonly done: number; readonly total: number }
  | { readonly stage: 'loading'; readonly seconds: number };

/** An engine that died and is started again. */
export interface EngineRestart {
  readonly cause: EngineCause;
  /** What was made smaller; null = nothing. */
  readonly change: Change | null;
}

/** What the keeper says. Its own words, trusted as they come from a 0600 socket of ours: only the type is checked. */
export type FromKeeper =
  | {
      readonly type: 'joined';
      readonly session: string;
      readonly token: string;
      readonly url: string;
      readonly port: number;
      readonly sessionDir: string;
      readonly ready: boolean;
    }
  | { readonly type: 'progress'; readonly progress: StartProgress }
  | {
      readonly type: 'ready';
      readonly fetchSeconds: number;
      readonly loadSeconds: number;
      readonly snapshotPath: string;
      readonly revision: string | null;
    }
  /** For the user, when the agent's screen is free. */
  | { readonly type: 'restarting'; readonly restart: EngineRestart }
  | { readonly type: 'failed'; readonly failure: Failure }
  /** It ends: because the last session left, or because somebody ended it. The connection closes when it is gone. */
  | { readonly type: 'stopping'; readonly graceMs: number }
  | { readonly type: 'ask-kill'; readonly afterMs: number }
  | { readonly type: 'left'; readonly last: boolean }
  | { readonly type: 'status'; readonly status: KeeperStatus };

const said = object({
  type: oneOf('joined', 'progress', 'ready', 'restarting', 'failed', 'stopping', 'ask-kill', 'left', 'status'),
});
export const fromKeeper: Check<FromKeeper> = (value): value is FromKeeper => said(value);
