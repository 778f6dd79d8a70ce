import type { EngineCause } from '../../errors.ts';
import type { Paths } from '../../os/paths.ts';
import { output } from '../../os/process-info.ts';
import { deathCause } from './cause.ts';
import { lastStart, noteStart } from './last-start.ts';
import { macPanics, panicSince } from './panics.ts';

/** What stands in for a Mac in the tests; the shipped command has no way to set it. */
export interface WitnessDoors {
  /** Folder of the system's reports of kernel panics. */
  readonly panics?: string;
  /** The GPU limit, MiB, 0 = the system's own; null = not known. */
  readonly limitMiB?: () => Promise<number | null>;
}

/** What the machine knows of an engine's death beside the engine's own words. */
export class Witness {
  readonly #paths: Pick<Paths, 'cache'>;
  readonly #panics: string;
  readonly #limitMiB: () => Promise<number | null>;
  /** A panic after this moment counts; ms since 1970, null = no engine was started yet. */
  #since: number | null = null;
  #limit: Promise<number | null> = Promise.resolve(null);

  constructor(paths: Pick<Paths, 'cache'>, { panics = macPanics, limitMiB = wiredLimit }: WitnessDoors) {
    this.#paths = paths;
    this.#panics = panics;
    this.#limitMiB = limitMiB;
  }

  /** An engine is started now. */
  started(): void {
    // A panic takes the keeper along, so it counts from the last start of any keeper before this one.
    this.#since ??= lastStart(this.#paths) ?? Date.now();
    setImmediate(() => noteStart(this.#paths));
    this.#limit = this.#limitMiB();
  }

  /** What it really died of, and the report of a kernel panic, by path, or null. */
  async examine(said: EngineCause): Promise<{ readonly cause: EngineCause; readonly panic: string | null }> {
    const [before, now] = await Promise.all([this.#limit, this.#limitMiB()]);
    return { cause: deathCause(said, { before, now }), panic: panicSince(this.#panics, this.#since ?? Date.now()) };
  }
}

async function wiredLimit(): Promise<number | null> {
  if (process.platform !== 'darwin') return null;
  const word = (await output('/usr/sbin/sysctl', ['-n', 'iogpu.wired_limit_mb'], 1_500))?.trim() ?? '';
  return /^\d{1,9}$/.test(word) ? Number(word) : null;
}
