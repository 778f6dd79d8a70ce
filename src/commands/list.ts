import { fitsHere, rowOf } from '../launch/fits-here.ts';
import { cacheIsThere } from '../models/cache-folder.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { listRepos, type CachedRepo } from '../models/list-repos.ts';
import { lmStudioModels } from '../models/lm-studio.ts';
import { machineAtRest } from '../preflight/machine-at-rest.ts';
import type { Assessment } from '../preflight/verdict.ts';
import { listText } from '../report/list-text.ts';
import { verdictWord } from '../report/memory-text.ts';
import type { Context } from './context.ts';

/** Bytes of a repository on the disk, downloads that were cut off included. */
export const onDisk = (repo: CachedRepo): number => repo.incomplete.reduce((sum, one) => sum + one.bytes, repo.bytes);

/**
 * `cclocal list` (`--list`): the models in the Hugging Face cache, and those of LM Studio. Read-only. Fails with
 * `bad-file` where the cache cannot be looked at.
 */
export async function listCommand({ system, screen, catalog, typed }: Context): Promise<number> {
  const cache = hubCachePath(system.env, system.userHome);
  // The machine answers while the cache is walked through.
  const asked = machineAtRest(system);
  asked.catch(() => undefined);
  cacheIsThere(cache);
  const nowMs = Date.now();
  const { repos, bytes, elsewhereBytes } = listRepos(cache, nowMs);
  const lmStudio = lmStudioModels(system.userHome);
  const fits = fitsHere(repos, { catalog, machine: await asked });
  const flagOf = (repo: string): string | null => rowOf(repo, catalog)?.flag ?? null;
  if (typed.options['json'] === true) {
    const models = repos.map((repo) => asJson(repo, flagOf(repo.repo), fits.get(repo)));
    screen.json({ schemaVersion: 1, cache, totalBytes: bytes, elsewhereBytes, models, lmStudio });
    return 0;
  }
  const rows = repos.map((repo) => {
    return { ...repo, id: repo.repo, flag: flagOf(repo.repo), bytes: onDisk(repo), fits: fitWord(fits.get(repo)) };
  });
  const columns = system.tty.stdout ? system.tty.columns : null;
  screen.result(listText({ cache, rows, lmStudio, totalBytes: bytes, elsewhereBytes, nowMs, columns }));
  return 0;
}

function asJson(repo: CachedRepo, flag: string | null, found: Assessment | undefined): object {
  return {
    id: repo.repo,
    flag,
    bytes: repo.bytes,
    incompleteBytes: onDisk(repo) - repo.bytes,
    state: repo.state,
    weights: repo.weights,
    missing: repo.missing,
    brokenLinks: repo.brokenLinks,
    orphans: repo.orphans.map(({ name, bytes }) => ({ name, bytes })),
    downloading: repo.downloading,
    revision: repo.revision,
    revisions: repo.revisions.map(({ commit, refs, bytes }) => ({ commit, refs, bytes })),
    path: repo.snapshotPath,
    lastUsed: repo.lastUsedMs === null ? null : new Date(repo.lastUsedMs).toISOString(),
    fits: fitWord(found),
    fitWord: found === undefined ? null : verdictWord(found),
  };
}

function fitWord(found: Assessment | undefined): 'yes' | 'tight' | 'no' | null {
  if (found === undefined) return null;
  const { verdict } = found;
  switch (verdict) {
    case 'fits':
      return 'yes';
    case 'tight':
      return 'tight';
    case 'too-big':
      return 'no';
    case 'unknown':
      return null;
    default:
      return verdict satisfies never;
  }
}
