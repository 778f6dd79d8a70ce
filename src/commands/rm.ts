import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { foreignEngine } from '../engines/setup/foreign.ts';
import { pythonOf } from '../engines/setup/marker.ts';
import { fail } from '../errors.ts';
import { findKeepers, lives } from '../keeper/find.ts';
import { cacheIsThere, refuseReadOnly } from '../models/cache-folder.ts';
import { deleteRepos, lockedRepos, type HubCode } from '../models/delete-repos.ts';
import { freedBytes, leftoverBytes } from '../models/freed-bytes.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { listRepos } from '../models/list-repos.ts';
import { removePromptCaches } from '../models/prompt-caches.ts';
import { assets } from '../os/assets.ts';
import { terminalAsk, type Ask } from '../report/ask.ts';
import { clearLine, doneLine, dryLine, leftoversLine, leftoversName, targetName } from '../report/rm-text.ts';
import { size } from '../report/units.ts';
import type { Context } from './context.ts';
import { bytesOf, chooseTargets, type Cache, type Chosen } from './rm-choose.ts';
import { refuseBusy } from './rm-targets.ts';

/** What the command needs of the world; tests give their own. */
export interface RmDoors {
  /** Null = there is no terminal. */
  readonly ask: Ask | null;
  /** The Python of the engine's venv; null = not installed. */
  readonly python: string | null;
  readonly program: string;
  /** Repositories, or folders of models, that running keepers serve. */
  readonly inUse: () => Promise<readonly string[]>;
}

/** What is to go, and the bytes that the disk gains by it. */
interface Order extends Chosen {
  readonly cache: Cache;
  readonly promisedBytes: number;
}

/**
 * `cclocal rm [id…]` (`--rm`): deletes models, single revisions (`id@commit`) or the leftovers of cut-off downloads from
 * the Hugging Face cache, after a question. Fails with `usage` (what is not there, or is still needed), `bad-file` and
 * `cancelled`; 1 = something is still there.
 */
export async function rmCommand(context: Context, doors: RmDoors = realDoors(context)): Promise<number> {
  const { screen, typed } = context;
  const cache = look(context);
  const chosen = await chooseTargets(cache, context, doors.ask);
  const { targets, leftovers } = chosen;
  if (targets.length === 0 && !leftovers) return nothing(context);
  const repos = [...new Set(targets.map(({ repo }) => repo))];
  const hub = hubCode(cache, context, doors);
  refuseBusy(repos, { inUse: await doors.inUse(), locked: hub === null ? [] : await lockedRepos(hub, repos) });
  const promisedBytes = freedBytes(cache.hubCache, targets) + (leftovers ? cache.leftoverBytes : 0);
  const order: Order = { ...chosen, cache, promisedBytes };
  if (typed.options['dryRun'] === true) return dryRun(order, context);
  refuseReadOnly([cache.hubCache, ...repos.map(({ folder }) => folder)]);
  if (hub === null) {
    return fail({
      reason: 'usage',
      problem: "Models are deleted by the hub's own code, which comes with the engine, and that is not installed yet.",
      hint: 'Type cclocal setup, then the same command again.',
    });
  }
  const names = [...targets.map(targetName), ...(leftovers ? [leftoversName] : [])].join(', ');
  if (await agreed(`Delete ${names} (frees ${size(promisedBytes)})?`, context, doors))
    return remove(order, hub, context);
  screen.say('Nothing was deleted.');
  return 0;
}

function look({ system }: Context): Cache {
  const hubCache = hubCachePath(system.env, system.userHome);
  if (!cacheIsThere(hubCache)) return { hubCache, repos: [], leftoverBytes: 0 };
  const { repos } = listRepos(hubCache);
  return { hubCache, repos, leftoverBytes: leftoverBytes(hubCache, repos) };
}

function hubCode({ hubCache }: Cache, { system }: Context, { python, program }: RmDoors): HubCode | null {
  return python === null ? null : { system, python, program, hubCache };
}

function nothing({ screen, typed }: Context): number {
  if (typed.options['json'] === true) screen.json({ schemaVersion: 1, freesBytes: 0, leftoverBytes: 0, models: [] });
  screen.say('Nothing was deleted.');
  return 0;
}

function dryRun({ targets, leftovers, cache, promisedBytes }: Order, { screen, typed }: Context): number {
  const cleared = leftovers ? cache.leftoverBytes : 0;
  const each = targets.map((target) => {
    return { target, bytes: bytesOf(target), freesBytes: freedBytes(cache.hubCache, [target]) };
  });
  if (typed.options['json'] === true) {
    const models = each.map(({ target: { repo, revision }, bytes, freesBytes }) => {
      return { id: repo.repo, revision: revision?.commit ?? null, bytes, freesBytes };
    });
    screen.json({ schemaVersion: 1, dryRun: true, freesBytes: promisedBytes, leftoverBytes: cleared, models });
    return 0;
  }
  for (const one of each) screen.result(dryLine(one));
  if (leftovers) screen.result(clearLine(cleared));
  screen.result(`${size(promisedBytes)} would be free again`);
  return 0;
}

async function remove(order: Order, hub: HubCode, context: Context): Promise<number> {
  const { targets, leftovers, promisedBytes } = order;
  const { paths, screen, typed } = context;
  const done = await deleteRepos({ ...hub, targets, leftovers });
  if (!done.ok) {
    return fail({
      reason: 'bad-file',
      path: hub.hubCache,
      line: null,
      column: null,
      problem: `models could not be deleted there: ${done.problem}`,
      hint: 'Try again after: cclocal setup --again',
    });
  }
  // What engines have read of conversations with them is of no use any more.
  const whole = targets.filter(({ revision }) => revision === null).map(({ repo }) => repo.repo);
  removePromptCaches(
    paths.prompts,
    whole.filter((repo) => done.deleted.includes(repo)),
  );
  if (typed.options['json'] === true) screen.json({ schemaVersion: 1, promisedBytes, ...done });
  else {
    const asked = new Set(targets.map(({ repo }) => repo)).size;
    screen.result(doneLine({ ...done, asked, deleted: done.deleted.length, leftovers, promisedBytes }));
  }
  for (const [repo, reason] of Object.entries(done.left)) screen.say(`${repo} is still there: ${reason}`);
  const still = look(context).leftoverBytes;
  if (!leftovers && still > 0) screen.say(leftoversLine(still));
  return Object.keys(done.left).length === 0 ? 0 : 1;
}

function agreed(question: string, { typed }: Context, { ask }: RmDoors): Promise<boolean> {
  if (typed.options['yes'] === true) return Promise.resolve(true);
  if (ask === null) {
    return fail({
      reason: 'usage',
      problem: 'There is no terminal to agree in.',
      hint: 'Add --yes to delete without being asked.',
    });
  }
  return ask.confirm(question);
}

function realDoors({ system, paths }: Context): RmDoors {
  const named = system.env['CCLOCAL_ENGINE'];
  const python = named ? foreignEngine(named).python : pythonOf(paths.venv);
  return {
    ask: system.tty.stdin && system.tty.stderr ? terminalAsk(system) : null,
    python: existsSync(python) ? python : null,
    program: join(dirname(assets.hostProgram), 'hub_delete.py'),
    inUse: async () => {
      const alive = await Promise.all(
        findKeepers(paths).map(async ({ socket, weights }) => ((await lives(socket)) ? [weights] : [])),
      );
      return alive.flat().flatMap(({ repo, snapshotPath }) => [repo, snapshotPath].filter((one) => one !== null));
    },
  };
}
