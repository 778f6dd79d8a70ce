import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../errors.ts';
import { findKeepers, lives } from '../keeper/find.ts';
import { hasJournal } from '../limit/journal-file.ts';
import { diskBytes } from '../models/folder-size.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { removeTree } from '../os/files.ts';
import type { Paths } from '../os/paths.ts';
import { terminalAsk, type Ask } from '../report/ask.ts';
import { size } from '../report/units.ts';
import { agreed } from './agreed.ts';
import type { Context } from './context.ts';

export interface UninstallDoors {
  /** Null = there is no terminal. */
  readonly ask: Ask | null;
}

/** `cclocal uninstall`: says what is on the disk, how much, what goes and what stays, and removes it once agreed to. */
export async function uninstallCommand(context: Context, doors: UninstallDoors = realDoors(context)): Promise<number> {
  const { system, paths, screen, typed } = context;
  const running = await Promise.all(findKeepers(paths).map(({ socket }) => lives(socket)));
  if (running.includes(true)) {
    return fail({ reason: 'usage', problem: 'An engine of cclocal is running.', hint: 'End it first: cclocal stop' });
  }
  if (hasJournal(paths.limit)) await refuseWhileRaised(context);
  const ours = entriesOf(paths).filter(({ path }) => existsSync(path));
  const goes = ours.map((entry) => ({ ...entry, bytes: diskBytes(entry.path) }));
  const total = goes.reduce((sum, { bytes }) => sum + bytes, 0);
  const stays = foreign(
    paths,
    ours.map(({ path }) => path),
  );
  const dryRun = typed.options['dryRun'] === true;
  const json = typed.options['json'] === true;
  const models = hubCachePath(system.env, system.userHome);

  if (!json) {
    for (const { path, what, bytes } of goes) screen.say(`${size(bytes).padStart(8)}  ${path}  (${what})`);
    screen.say(
      goes.length === 0 ? `There is nothing of cclocal in ${paths.home}.` : `${size(total).padStart(8)}  in all, goes`,
    );
    for (const path of stays) screen.say(`   stays  ${path}  (yours)`);
    screen.say(`   stays  ${models}  (models, shared with other programs; cclocal --rm deletes them)`);
  }
  const remove = goes.length > 0 && !dryRun && (await agreed(context, doors.ask));
  if (remove) {
    for (const { path } of goes) removeTree(path);
    if (stays.length === 0) removeEmpty(paths.home);
  }
  if (json) {
    screen.json({ schemaVersion: 1, home: paths.home, removed: remove, bytes: total, goes, stays: [...stays, models] });
  } else if (remove) {
    screen.say('Removed. The command itself goes with: npm uninstall -g cclocal');
  } else if (goes.length > 0) {
    screen.say('Nothing was removed.');
  }
  return 0;
}

/** Without its note, nobody would know any more that the GPU limit is not as the user had it. */
async function refuseWhileRaised({ system, paths, guard }: Context): Promise<void> {
  if (system.platform !== 'darwin') return;
  const { kind } = await (await import('../limit/repair.ts')).settleLimit({ system, folder: paths.limit, ...guard });
  if (kind !== 'stranded') return;
  fail({ reason: 'usage', problem: 'The GPU limit is still raised.', hint: 'Put it back first: cclocal restore' });
}

/** What cclocal puts below its home, and what each part is. The user's own catalog is not among it. */
function entriesOf(paths: Paths): readonly { readonly path: string; readonly what: string }[] {
  return [
    { path: paths.venv, what: 'the engine' },
    { path: paths.cache, what: 'downloads and remembered facts' },
    { path: paths.logs, what: 'logs' },
    { path: paths.run, what: 'running keepers' },
    { path: dirname(paths.agentConfig('any')), what: "the agents' settings and conversations" },
    { path: paths.rehearsal, what: 'the rehearsal model' },
    { path: paths.clients, what: 'client tokens' },
    { path: paths.memory, what: 'what models took of memory' },
    { path: paths.limit, what: 'notes on the GPU limit' },
    ...leftovers(paths.home).map((path) => ({ path, what: 'of work that was cut off' })),
  ];
}

/** Locks, and the drafts of a set-up or of measurements that were cut off. */
function leftovers(home: string): readonly string[] {
  if (!existsSync(home)) return [];
  const ours = /^(setup\.lock|venv\.(new|old)-\d+|memory\.lock|memory\.json\.\d+-\d+\.tmp)$/;
  const names = readdirSync(home).filter((name) => ours.test(name));
  return names.map((name) => join(home, name));
}

/** Whatever else stands in the home: it may be a folder that holds other things too. */
function foreign(paths: Paths, ours: readonly string[]): readonly string[] {
  if (!existsSync(paths.home)) return [];
  const names = new Set(ours.map((path) => basename(path)));
  return readdirSync(paths.home)
    .filter((name) => !names.has(name))
    .map((name) => join(paths.home, name));
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something was put there meanwhile: then it stays.
  }
}

function realDoors({ system }: Context): UninstallDoors {
  return { ask: system.tty.stdin && system.tty.stderr ? terminalAsk(system) : null };
}
