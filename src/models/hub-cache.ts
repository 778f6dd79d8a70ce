import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WeightsFacts } from '../launch/facts.ts';
import { readTextIfThere } from '../os/files.ts';
import { hubCachePath, repoFolder } from './hub-paths.ts';
import { inspectSnapshot } from './snapshot.ts';

export interface Where {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
}

const commit = /^[0-9a-f]{40}$/;

/**
 * What the hub cache holds of one model. On the way to every launch, so it looks only at the files it names: a handful
 * of synchronous calls and one small parse. `revision` = a pinned commit, or null for what `main` stands for here.
 */
export function weightsFacts(
  wanted: Where & { readonly repo: string; readonly revision: string | null },
): WeightsFacts {
  const hubCache = hubCachePath(wanted.env, wanted.userHome);
  const folder = repoFolder(hubCache, wanted.repo);
  const revision = wanted.revision ?? usableCommit(folder);
  if (revision === null)
    return { hubCache, revision, snapshotPath: null, complete: false, bytes: null, hubBytes: null };
  const snapshot = join(folder, 'snapshots', revision);
  if (!existsSync(snapshot))
    return { hubCache, revision, snapshotPath: null, complete: false, bytes: null, hubBytes: null };
  const { complete, bytes, indexBytes } = inspectSnapshot(snapshot);
  return { hubCache, revision, snapshotPath: snapshot, complete, bytes: complete ? bytes : null, hubBytes: indexBytes };
}

/** The same for a folder that the user named. */
export function folderFacts(wanted: Where & { readonly folder: string }): WeightsFacts {
  const { complete, bytes, indexBytes } = inspectSnapshot(wanted.folder);
  const hubCache = hubCachePath(wanted.env, wanted.userHome);
  return {
    hubCache,
    revision: null,
    snapshotPath: wanted.folder,
    complete,
    bytes: complete ? bytes : null,
    hubBytes: indexBytes,
  };
}

/**
 * The commit in use: the one that cclocal fetched last (its own ref, engines/host/pin.py), where it is here; else what
 * `main` stood for when the hub was last asked, by whatever program.
 */
export function currentCommit(folder: string): string | null {
  const own = readRef(folder, 'cclocal');
  return own !== null && existsSync(join(folder, 'snapshots', own)) ? own : readRef(folder, 'main');
}

/**
 * The same for a launch: where another program has moved `main` on, without fetching the weights, a whole snapshot from
 * before is used. A newer version is fetched when somebody says so, not by surprise.
 */
function usableCommit(folder: string): string | null {
  const current = currentCommit(folder);
  if (current === null || readRef(folder, 'cclocal') !== null) return current;
  const snapshots = join(folder, 'snapshots');
  if (inspectSnapshot(join(snapshots, current)).complete) return current;
  return folders(snapshots).find((name) => inspectSnapshot(join(snapshots, name)).complete) ?? current;
}

function readRef(folder: string, name: string): string | null {
  const text = readTextIfThere(join(folder, 'refs', name))?.trim() ?? '';
  return commit.test(text) ? text : null;
}

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
