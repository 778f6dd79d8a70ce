import { readFileSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { entriesIn, lookAt, lookThrough, namesIn } from '../os/look.ts';
import { currentCommit } from './hub-cache.ts';
import { isFresh, repoState, weightsKind, type Incomplete, type RepoState, type WeightsKind } from './repo-state.ts';
import { inspectSnapshot, type Snapshot } from './snapshot.ts';
import { storedElsewhere } from './shared-store.ts';
import { walkSnapshot, type Blob, type Walk } from './walk-snapshot.ts';

/** One model repository in the hub cache. Bytes are those of its files, times are ms since 1970. */
export interface CachedRepo {
  /** `owner/name`, as the folder says it. */
  readonly repo: string;
  readonly folder: string;
  /** Every blob that a revision links to, counted once: the size that `hf cache ls` shows. */
  readonly bytes: number;
  readonly revisions: readonly CachedRevision[];
  /** The commit that counts: what `main` stands for here, else the one changed last; null = none is here. */
  readonly revision: string | null;
  /** Its folder. */
  readonly snapshotPath: string | null;
  /** Of the revision that counts. */
  readonly state: RepoState;
  readonly weights: WeightsKind;
  /** Bytes of the weights that are there, and of all of them by their index (null = it does not say). */
  readonly weightBytes: number;
  readonly indexBytes: number | null;
  /** What it lacks for an engine, by name. */
  readonly missing: readonly string[];
  /** Files of it whose links point at nothing. */
  readonly brokenLinks: readonly string[];
  /** Every partial download, those that run and those that were cut off. */
  readonly incomplete: readonly Incomplete[];
  /** Of these, the ones nobody has written to for two minutes: no later download takes them up. */
  readonly orphans: readonly Incomplete[];
  /** A partial download changed less than two minutes ago. */
  readonly downloading: boolean;
  /** When its weights were last read, by the file system; null = not to be learnt. */
  readonly lastUsedMs: number | null;
}

export interface CachedRevision {
  readonly commit: string;
  readonly refs: readonly string[];
  readonly bytes: number;
  /** Paths of the blobs it links to. */
  readonly blobs: readonly string[];
  readonly changedMs: number;
}

/** The model repositories of a cache, and what they take together: a payload that several share counts once. */
export interface CacheList {
  /** By name. */
  readonly repos: readonly CachedRepo[];
  /** All of it, cut-off downloads and `elsewhereBytes` included. */
  readonly bytes: number;
  /** Of that, in the shared store and linked to by no model: left behind, or of a data set. */
  readonly elsewhereBytes: number;
}

/**
 * The model repositories in a hub cache, by name. Read-only, and never fails: what cannot be read counts as not there.
 * It knows all layouts: links into the repository's own blobs, with and without `trees/` (hub 1.22), blobs that are
 * themselves links into the store shared by all repositories (hub 1.33), and plain files (where links are switched off).
 * Sizes are those of huggingface_hub: the first hop of each link, once a repository. Synchronous on purpose: with
 * hundreds of small look-ups that is twice as fast. `nowMs` tells a download that runs from one that was cut off.
 */
export function listRepos(hubCache: string, nowMs = Date.now()): CacheList {
  const payloads = new Map<number, number>();
  const repos = entriesIn(hubCache)
    .filter((entry) => /^models--./.test(entry.name) && isFolder(hubCache, entry))
    .map(({ name }) => readRepo({ hubCache, name, payloads, nowMs }))
    .sort((a, b) => (a.repo < b.repo ? -1 : 1));
  const elsewhereBytes = storedElsewhere(hubCache, payloads);
  const begun = repos.flatMap((repo) => repo.incomplete.map(({ bytes }) => bytes));
  return { repos, bytes: sum([...payloads.values(), ...begun, elsewhereBytes]), elsewhereBytes };
}

interface ReadRepo {
  readonly hubCache: string;
  readonly name: string;
  /** Bytes of each file that is really there, by its number. */
  readonly payloads: Map<number, number>;
  readonly nowMs: number;
}

const nothing: Snapshot = { complete: false, bytes: 0, missing: ['every file'], missingShards: [], indexBytes: null };

function readRepo({ hubCache, name, payloads, nowMs }: ReadRepo): CachedRepo {
  const folder = join(hubCache, name);
  const snapshots = join(folder, 'snapshots');
  const blobs = new Map<string, Blob | null>();
  const refs = readRefs(join(folder, 'refs'), '');
  const walks = new Map<string, Walk>();
  const revisions = entriesIn(snapshots)
    .filter((entry) => isFolder(snapshots, entry))
    .map(({ name: commit }): CachedRevision => {
      const walk = walkSnapshot({ folder: join(snapshots, commit), repoFolder: folder, blobs, payloads });
      walks.set(commit, walk);
      const own = [...walk.blobs];
      const names = refs.filter((ref) => ref.commit === commit).map((ref) => ref.name);
      return { commit, refs: names, bytes: total(own, blobs), blobs: own, changedMs: walk.changedMs };
    });
  const main = currentCommit(folder);
  const counts = revisions.find(({ commit }) => commit === main) ?? latest(revisions);
  const walk = counts === undefined ? undefined : walks.get(counts.commit);
  const snapshotPath = counts === undefined ? null : join(snapshots, counts.commit);
  const files = walk?.files ?? new Map<string, number>();
  const found = snapshotPath === null ? nothing : inspectSnapshot(snapshotPath, (name) => files.get(name) || null);
  const incomplete = readIncomplete(join(folder, 'blobs'));
  const downloading = incomplete.some((one) => isFresh(one, nowMs));
  const orphans = incomplete.filter((one) => !isFresh(one, nowMs));
  const weights = weightsKind([...files.keys()]);
  const brokenLinks = walk?.broken ?? [];
  return {
    repo: name.slice('models--'.length).replaceAll('--', '/'),
    folder,
    bytes: total([...blobs.keys()], blobs),
    revisions,
    revision: counts?.commit ?? null,
    snapshotPath,
    state: repoState({ ...found, weights, brokenLinks, downloading, orphans }),
    weights,
    weightBytes: found.bytes,
    indexBytes: found.indexBytes,
    missing: found.missing,
    brokenLinks,
    incomplete,
    orphans,
    downloading,
    lastUsedMs: lastUse([...blobs.values()].filter((blob) => blob !== null)),
  };
}

const latest = (revisions: readonly CachedRevision[]): CachedRevision | undefined =>
  revisions.reduce<CachedRevision | undefined>(
    (best, one) => (best === undefined || one.changedMs > best.changedMs ? one : best),
    undefined,
  );

/** Looking through a cache reads config files, so where there are weights only they tell of use. */
function lastUse(blobs: readonly Blob[]): number | null {
  const weights = blobs.filter((blob) => blob.weights);
  const told = weights.length > 0 ? weights : blobs;
  return told.length === 0 ? null : told.reduce((most, { usedMs }) => Math.max(most, usedMs), 0);
}

function readRefs(folder: string, prefix: string): readonly { readonly name: string; readonly commit: string }[] {
  return entriesIn(folder).flatMap((entry) => {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) return readRefs(join(folder, entry.name), `${name}/`);
    try {
      return entry.isFile() ? [{ name, commit: readFileSync(join(folder, entry.name), 'utf8').trim() }] : [];
    } catch {
      return [];
    }
  });
}

function readIncomplete(blobs: string): readonly Incomplete[] {
  return namesIn(blobs)
    .filter((name) => name.endsWith('.incomplete'))
    .flatMap((name) => {
      const stat = lookAt(join(blobs, name));
      if (stat === undefined) return [];
      return [{ name, bytes: Math.min(stat.size, stat.blocks * 512), changedMs: stat.mtimeMs }];
    });
}

/** A folder, or a link to one: some keep their larger models on another disk. */
function isFolder(parent: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return lookThrough(join(parent, entry.name))?.isDirectory() === true;
}

const total = (paths: readonly string[], blobs: ReadonlyMap<string, Blob | null>): number =>
  sum(paths.map((path) => blobs.get(path)?.bytes ?? 0));

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
