import type { EngineCause } from '../../errors.ts';

/** The GPU limit when the engine was started and now, MiB, 0 = the system's own; null = not known. */
export interface LimitSeen {
  readonly before: number | null;
  readonly now: number | null;
}

/**
 * What an engine really died of: an end for want of memory, or by a kill without a word, after somebody lowered the limit
 * of GPU memory under it, is that somebody's doing. Pure.
 */
export function deathCause(said: EngineCause, { before, now }: LimitSeen): EngineCause {
  const memory = said.kind === 'out-of-memory' || said.kind === 'killed';
  if (!memory || before === null || now === null || !lowered(before, now)) return said;
  const named = (mib: number): string => (mib === 0 ? "the system's own" : `${mib} MiB`);
  return { kind: 'limit-lowered', detail: `from ${named(before)} to ${named(now)}` };
}

/** The system's own limit is lower than any that somebody raised. */
const lowered = (before: number, now: number): boolean => (now === 0 ? before > 0 : before > 0 && now < before);

/** Whether it will end the same way again, whatever is tried: its installation, its flags, its model. Pure. */
export function isLasting({ kind }: EngineCause): boolean {
  return kind === 'model-type' || kind === 'import' || kind === 'flag' || kind === 'hub' || kind === 'port';
}

/** Whether less memory would have helped. Pure. */
export const isForMemory = ({ kind }: EngineCause): boolean => kind === 'out-of-memory' || kind === 'limit-lowered';
