import { findKeepers, lives } from '../keeper/find.ts';
import { promptCaches } from '../models/prompt-caches.ts';
import { removeTree } from '../os/files.ts';
import { terminalAsk, type Ask } from '../report/ask.ts';
import { size } from '../report/units.ts';
import { agreed } from './agreed.ts';
import type { Context } from './context.ts';

/** What the command needs of the world; tests give their own. */
export interface CleanDoors {
  /** Null = there is no terminal. */
  readonly ask: Ask | null;
  /** Names under which running keepers serve their models. */
  readonly inUse: () => Promise<readonly string[]>;
}

/**
 * `cclocal clean`: removes what the engines keep on the disk of conversations, so that a later launch reads them anew.
 * Says what goes and how much, and leaves what a running engine uses.
 */
export async function cleanCommand(context: Context, doors: CleanDoors = realDoors(context)): Promise<number> {
  const { paths, screen, typed } = context;
  const all = promptCaches(paths.prompts);
  const inUse = all.length === 0 ? [] : await doors.inUse();
  const stays = all.filter(({ model }) => inUse.includes(model));
  const goes = all.filter((cache) => !stays.includes(cache));
  const bytes = goes.reduce((sum, cache) => sum + cache.bytes, 0);
  const dryRun = typed.options['dryRun'] === true;
  const json = typed.options['json'] === true;
  if (!json) {
    for (const cache of goes) screen.say(`${size(cache.bytes).padStart(8)}  ${cache.model}, kept by ${cache.engine}`);
    for (const cache of stays) screen.say(`   stays  ${cache.model}: it is in use; end it first with: cclocal stop`);
    screen.say(goes.length === 0 ? 'There is nothing to clean.' : `${size(bytes).padStart(8)}  in all, goes`);
  }
  const removed = goes.length > 0 && !dryRun && (await agreed(context, doors.ask));
  if (removed) for (const { path } of goes) removeTree(path);
  if (json) screen.json({ schemaVersion: 1, dryRun, removed, bytes, goes, stays });
  else if (removed) screen.say('Removed.');
  else if (goes.length > 0) screen.say('Nothing was removed.');
  return 0;
}

function realDoors({ system, paths }: Context): CleanDoors {
  return {
    ask: system.tty.stdin && system.tty.stderr ? terminalAsk(system) : null,
    inUse: async () => {
      const alive = await Promise.all(
        findKeepers(paths).map(async (keeper) => ((await lives(keeper.socket)) ? [keeper.serves] : [])),
      );
      return alive.flat();
    },
  };
}
