import { fail } from '../errors.ts';
import { askKeepers, stopKeeper } from '../keeper/ask.ts';
import { sweepKeepers } from '../keeper/sweep.ts';
import { stoppedText, stoppingText } from '../report/status-text.ts';
import type { Context } from './context.ts';

/**
 * `cclocal stop [id…]`: ends keepers, and with each its sessions, their agents and its engine: all of them, or those
 * named. Fails with `usage` where an id is nobody's.
 */
export async function stopCommand({ paths, screen, typed }: Context): Promise<number> {
  const asked = await askKeepers(paths);
  const named = typed.options['all'] === true ? [] : typed.args;
  const meant = (id: string): boolean => named.length === 0 || named.includes(id);
  const known = [...asked.keepers.map(({ id }) => id), ...asked.silent, ...asked.dead];
  const unknown = named.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    fail({ reason: 'usage', problem: `No keeper "${unknown}" is running.`, hint: 'Type cclocal status for the ids.' });
  }
  const keepers = asked.keepers.filter(({ id }) => meant(id));
  const onStopping = (graceMs: number): void => screen.live('stopping', stoppingText(graceMs));
  await Promise.all([
    ...keepers.map(({ id }) => stopKeeper(paths, id, { onStopping, limitMs: null })),
    // One that does not answer may never end.
    ...asked.silent.filter(meant).map((id) => stopKeeper(paths, id, { onStopping, limitMs: 10_000 })),
  ]);
  screen.settle();
  if (asked.dead.length > 0) await sweepKeepers(paths);
  if (typed.options['json'] === true) screen.json({ schemaVersion: 1, stopped: keepers, swept: asked.dead });
  else screen.result(stoppedText(keepers));
  return 0;
}
