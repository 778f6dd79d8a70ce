import { CclocalError, type Failure } from '../errors.ts';
import { Interrupted } from '../launch/lifeline.ts';
import type { Dumps } from './on-signal.ts';

/** Ends that say nothing of what the user did, and much of what a part of ours did. */
const abnormal: ReadonlySet<Failure['reason']> = new Set([
  'engine-exited',
  'engine-given-up',
  'engine-not-ready',
  'keeper-failed',
  'keeper-lost',
]);

/** Writes a dump where a session ends by a fault of one of its parts. Never rejects. */
export async function dumpAtAbnormalEnd(dumps: Dumps, error: unknown): Promise<void> {
  if (error instanceof Interrupted) return;
  if (!(error instanceof CclocalError)) return dumps.write('a fault of its own ended this session');
  const { failure } = error;
  if (abnormal.has(failure.reason)) await dumps.write(`this session ended with ${failure.reason}`, failure);
}
