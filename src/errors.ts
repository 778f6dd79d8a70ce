/**
 * Every way cclocal can fail, as a closed union of facts. The words live in report/failure-text.ts and the exit codes
 * in cli.ts: both switch over `reason` exhaustively, so a new failure does not compile until it has words and a code.
 */
export type Failure =
  // what was typed
  | { reason: 'usage'; problem: string; hint: string }
  | { reason: 'needs-yes'; what: string; bytes: number | null }
  | { reason: 'cancelled'; what: string }
  // this machine
  | { reason: 'platform-unsupported'; platform: string; arch: string; problem: string; hint: string }
  | { reason: 'cwd-gone' }
  | { reason: 'home-unusable'; path: string; problem: string; hint: string }
  | {
      reason: 'disk-full';
      path: string;
      doing: string;
      neededBytes: number | null;
      /** Free there now, and models in the cache that would make enough room, the longest unused first. */
      room?: { readonly freeBytes: number; readonly models: readonly string[]; readonly modelBytes: number };
    }
  // files the user wrote
  | { reason: 'bad-file'; path: string; line: number | null; column: number | null; problem: string; hint: string }
  // the engine's installation
  | { reason: 'python-missing'; passedOver: readonly string[]; hint: string }
  | { reason: 'setup-failed'; step: string; problem: string; hint: string; logTail: readonly string[] }
  | { reason: 'engine-missing'; path: string; problem: string; hint: string }
  // the model
  | { reason: 'model-unknown'; id: string; nearest: string | null }
  | { reason: 'model-gated'; id: string; token: 'none' | 'no-access' | 'invalid' }
  | { reason: 'model-refused'; id: string; problem: string; hint: string }
  | { reason: 'model-not-here'; id: string; problem: string; hint?: string }
  | { reason: 'hub-unreachable'; endpoint: string; problem: string }
  | { reason: 'download-stalled'; id: string; afterSeconds: number; doneBytes: number; totalBytes: number | null }
  // memory
  | {
      reason: 'memory-too-small';
      model: string;
      needBytes: number;
      limitBytes: number;
      /** What others hold of the limit already, and the engines among them by name. */
      heldBytes: number;
      heldBy: readonly string[];
      nearest: string | null;
    }
  | { reason: 'limit-not-raised'; wantedMiB: number; problem: string; hint: string }
  | { reason: 'limit-not-restored'; problem: string; hint: string }
  // the engine and its keeper
  | { reason: 'port-taken'; first: number; last: number }
  | {
      reason: 'engine-exited';
      cause: EngineCause;
      code: number | null;
      signal: string | null;
      logTail: readonly string[];
      logPath: string;
    }
  /** It was restarted, and then given up. */
  | {
      reason: 'engine-given-up';
      why: 'too-often' | 'memory' | 'panic';
      cause: EngineCause;
      /** Restarts within the last so many seconds. */
      restarts: number;
      windowSeconds: number;
      /** What was tried last, tokens; and what the engine took at its highest, bytes. Null = not known. */
      context: number;
      prefillStep: number | null;
      peakBytes: number | null;
      /** The report of a kernel panic. */
      panicPath: string | null;
      logPath: string;
    }
  | { reason: 'engine-not-ready'; waitedMs: number; logTail: readonly string[]; logPath: string }
  | { reason: 'keeper-differs'; differences: readonly string[]; hint: string }
  | { reason: 'keeper-failed'; problem: string; logPath: string | null }
  | { reason: 'keeper-lost'; logPath: string | null }
  | { reason: 'keeper-stopped' }
  // the agent
  | { reason: 'agent-missing'; agent: string; install: string }
  | { reason: 'agent-unstartable'; file: string; problem: string }
  | { reason: 'agent-forbidden'; agent: string; path: string; setting: string; why: string }
  | { reason: 'airgap-unavailable'; problem: string; hint: string }
  | { reason: 'rehearsal-failed'; stage: string; problem: string; logPath: string | null };

/** What an engine that ended by itself seems to have died of, read from its last words. */
export type EngineCause =
  | { kind: 'model-type'; detail: string }
  | { kind: 'out-of-memory'; detail: string }
  | { kind: 'port'; detail: string }
  | { kind: 'import'; detail: string }
  | { kind: 'hub'; detail: string }
  | { kind: 'flag'; detail: string }
  | { kind: 'killed'; detail: string }
  /** Somebody lowered the limit of GPU memory while it ran. */
  | { kind: 'limit-lowered'; detail: string }
  /** It lived, but neither worked nor answered. */
  | { kind: 'hang'; detail: string }
  | { kind: 'unknown'; detail: string };

export class CclocalError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.reason, options);
    this.name = 'CclocalError';
    this.failure = failure;
  }
}

/** Throws the failure; an expression, so that it can stand behind `??`. */
export function fail(failure: Failure, options?: ErrorOptions): never {
  throw new CclocalError(failure, options);
}
