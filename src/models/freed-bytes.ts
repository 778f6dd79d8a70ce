import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { lookAt, namesIn } from '../os/look.ts';
import type { CachedRepo, CachedRevision } from './list-repos.ts';
import { references, sharedPayload, unreferenced } from './shared-store.ts';

/** A repository that is to go, or one revision of it (null = all of it). */
export interface Target {
  readonly repo: CachedRepo;
  readonly revision: CachedRevision | null;
}

/**
 * Bytes that the disk gains when all of these are deleted: blocks, not lengths, with folders and links. A payload in the
 * shared store counts once, and only where every blob that links to it goes too; so does a file that has names elsewhere.
 */
export function freedBytes(hubCache: string, targets: readonly Target[]): number {
  const doomed = new Doomed();
  for (const target of targets) {
    if (target.revision === null) doomed.addTree(target.repo.folder);
    else addRevision(target.repo, target.revision, targets, doomed);
  }
  const payloads = new Set(doomed.paths.flatMap((path) => sharedPayload(hubCache, path) ?? []));
  const going = new Set(doomed.paths);
  for (const payload of payloads) {
    const users = references(hubCache, payload);
    if (users === null || users.length === 0 || !users.every((blob) => going.has(blob))) continue;
    doomed.add(payload);
    doomed.add(`${payload}.refs`);
  }
  return doomed.bytes;
}

/** Bytes that partial downloads which were cut off take, and payloads of the shared store that nothing links to. */
export function leftoverBytes(hubCache: string, repos: readonly CachedRepo[]): number {
  const doomed = new Doomed();
  for (const { folder, orphans } of repos) for (const { name } of orphans) doomed.add(join(folder, 'blobs', name));
  for (const payload of unreferenced(hubCache)) {
    doomed.add(payload);
    doomed.add(`${payload}.refs`);
  }
  return doomed.bytes;
}

/** Its links, the refs that name it, and the blobs that no revision which stays links to. */
function addRevision(repo: CachedRepo, revision: CachedRevision, targets: readonly Target[], doomed: Doomed): void {
  const goes = (one: CachedRevision): boolean =>
    targets.some((target) => target.repo === repo && (target.revision === null || target.revision === one));
  // The hub takes the folder as one when no revision is left.
  if (repo.revisions.every(goes)) {
    doomed.addTree(repo.folder);
    return;
  }
  const stays = new Set(repo.revisions.filter((one) => !goes(one)).flatMap(({ blobs }) => blobs));
  doomed.addTree(join(repo.folder, 'snapshots', revision.commit));
  for (const ref of revision.refs) doomed.add(join(repo.folder, 'refs', ref));
  for (const blob of revision.blobs) if (!stays.has(blob)) doomed.add(blob);
}

/** Files, links and folders that go. */
class Doomed {
  readonly #files = new Map<number, { readonly bytes: number; readonly names: number; found: number }>();
  readonly #paths = new Set<string>();

  get paths(): readonly string[] {
    return [...this.#paths];
  }

  /** A file that keeps a name elsewhere takes its room with it there. */
  get bytes(): number {
    return [...this.#files.values()].reduce((sum, file) => sum + (file.found >= file.names ? file.bytes : 0), 0);
  }

  add(path: string): Stats | undefined {
    if (this.#paths.has(path)) return undefined;
    const stat = lookAt(path);
    if (stat === undefined) return undefined;
    this.#paths.add(path);
    const known = this.#files.get(stat.ino);
    if (known !== undefined) known.found += 1;
    else this.#files.set(stat.ino, { bytes: stat.blocks * 512, names: stat.isDirectory() ? 1 : stat.nlink, found: 1 });
    return stat;
  }

  addTree(path: string): void {
    if (this.add(path)?.isDirectory() !== true) return;
    for (const name of namesIn(path)) this.addTree(join(path, name));
  }
}
