import { fail } from '../errors.ts';
import { rowOf } from '../launch/fits-here.ts';
import type { Catalog } from '../models/catalog.ts';
import type { Target } from '../models/freed-bytes.ts';
import type { CachedRepo, CachedRevision } from '../models/list-repos.ts';
import { nearest } from '../models/nearest.ts';
import { printable } from '../report/printable.ts';

/**
 * What is meant by ids (`owner/name`, of one revision with `@commit` or `@ref` behind it) and flags of catalog rows.
 * Fails with `usage`, and with what was meant perhaps. Pure.
 */
export function namedTargets(
  words: readonly string[],
  repos: readonly CachedRepo[],
  catalog: Catalog,
): readonly Target[] {
  const found = words.map((word) => target(word, repos, catalog));
  // The same twice, or one of its revisions beside it, is one.
  const whole = new Set(found.filter(({ revision }) => revision === null).map(({ repo }) => repo));
  const seen = new Set<unknown>();
  return found.filter(({ repo, revision }) => {
    const key = revision ?? repo;
    if (seen.has(key) || (revision !== null && whole.has(repo))) return false;
    seen.add(key);
    return true;
  });
}

function target(word: string, repos: readonly CachedRepo[], catalog: Catalog): Target {
  const at = word.indexOf('@');
  // No id on the hub has an @, but a folder somebody made may.
  const exact = repos.find(({ repo }) => repo === word);
  if (exact !== undefined || at === -1) return { repo: exact ?? named(word, repos, catalog), revision: null };
  const repo = named(word.slice(0, at), repos, catalog);
  return { repo, revision: revisionOf(repo, word.slice(at + 1)) };
}

function named(word: string, repos: readonly CachedRepo[], catalog: Catalog): CachedRepo {
  const flag = word.replace(/^--/, '');
  const row = catalog.rows.find((one) => one.flag === flag || one.aliases.includes(flag));
  const id = (row?.id ?? word).toLowerCase();
  const same = repos.filter(({ repo }) => repo.toLowerCase() === id);
  const repo = repos.find((one) => one.repo === word) ?? (same.length === 1 ? same[0] : undefined);
  if (repo !== undefined) return repo;
  const near = nearestCached(word, repos, catalog);
  return fail({
    reason: 'usage',
    problem: `"${printable(row?.id ?? word)}" is not in the cache.`,
    hint: near === null ? 'Type cclocal list to see what is.' : `Did you mean ${near}?`,
  });
}

/** By the whole id, by the name behind the slash, or by the flag of its row. */
function nearestCached(word: string, repos: readonly CachedRepo[], catalog: Catalog): string | null {
  const names = new Map<string, string>();
  for (const { repo } of repos) {
    const row = rowOf(repo, catalog);
    const shown = printable(repo) + (row === null ? '' : ` (--${row.flag})`);
    const flags = row === null ? [] : [row.flag, ...row.aliases];
    for (const name of [repo, nameIn(repo), ...flags]) names.set(name, shown);
  }
  const plain = word.replace(/^--/, '');
  const near = nearest(plain, [...names.keys()]) ?? nearest(nameIn(plain), [...names.keys()]);
  return near === null ? null : (names.get(near) ?? null);
}

const nameIn = (id: string): string => id.split('/').at(-1) ?? id;

function revisionOf({ repo, revisions }: CachedRepo, word: string): CachedRevision {
  const prefix = /^[0-9a-f]{4,40}$/i.test(word) ? word.toLowerCase() : null;
  const found = revisions.filter(
    ({ commit, refs }) => refs.includes(word) || (prefix !== null && commit.startsWith(prefix)),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const there = revisions.map(({ commit }) => printable(commit.slice(0, 7))).join(', ');
  return fail({
    reason: 'usage',
    problem: `${printable(repo)} has ${found.length === 0 ? 'no' : 'more than one'} revision "${printable(word)}" in the cache.`,
    hint: there === '' ? 'Leave the @ and what follows it out.' : `These are there: ${there}.`,
  });
}

/**
 * Fails with `usage` where something still needs what is to go. `inUse` = repositories, or folders of models, that
 * running engines serve; `locked` = repositories that a download holds a lock of. Pure.
 */
export function refuseBusy(
  repos: readonly CachedRepo[],
  { inUse, locked }: { readonly inUse: readonly string[]; readonly locked: readonly CachedRepo[] },
): void {
  for (const repo of repos) {
    const name = printable(repo.repo);
    if (inUse.some((one) => one.toLowerCase() === repo.repo.toLowerCase() || one.startsWith(`${repo.folder}/`))) {
      fail({ reason: 'usage', problem: `${name} is in use by a running engine.`, hint: 'End it first: cclocal stop' });
    }
    if (locked.includes(repo)) {
      fail({
        reason: 'usage',
        problem: `${name} is being downloaded: another program holds its lock.`,
        hint: 'End that download, or wait for it, then try again.',
      });
    }
    if (repo.downloading) {
      fail({
        reason: 'usage',
        problem: `${name} is being downloaded: a part of it changed less than two minutes ago.`,
        hint: 'End the download, or wait two minutes, then try again.',
      });
    }
  }
}
