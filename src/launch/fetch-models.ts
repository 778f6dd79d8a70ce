import { CclocalError, fail } from '../errors.ts';
import { findKeepers } from '../keeper/find.ts';
import type { StartProgress } from '../keeper/protocol.ts';
import { weightsFacts } from '../models/hub-cache.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { listRepos } from '../models/list-repos.ts';
import { ensureDir0700, freeBytes, notWritable } from '../os/files.ts';
import type { Paths } from '../os/paths.ts';
import type { System } from '../os/system.ts';
import { wouldFree } from './disk-room.ts';
import { fetchModel, type FetchOrder } from './fetch-model.ts';
import { hubLook, type Looked } from './hub-look.ts';
import type { Lifeline } from './lifeline.ts';

/** A model to fetch, as the hub knows it. A catalog row is one. */
export interface PullTarget {
  /** `owner/name`. */
  readonly id: string;
  /** A commit that the catalog pins; null = the one in use here, or what `main` stands for. */
  readonly revision: string | null;
}

/** Told as it happens. */
export interface PullListener {
  /** What it would bring; before anything is fetched, a call for each model. */
  readonly onLooked: (found: Found) => void;
  readonly onProgress: (id: string, progress: StartProgress) => void;
  readonly onPulled: (pulled: Pulled) => void;
}

export interface FetchModelsOrder extends PullListener {
  readonly system: System;
  readonly paths: Paths;
  /** Its signals end the download; what that leaves is cleared by its `end`. */
  readonly lifeline: Lifeline;
  /** The Python of the engine, with the hub's own downloader. */
  readonly python: string;
  readonly models: readonly PullTarget[];
  /** Take what `main` stands for now, where it has moved since the model was fetched. */
  readonly update: boolean;
  readonly trustCode: boolean;
  /** Only look. */
  readonly dryRun: boolean;
  /** The host's programs, where they are not the shipped ones. */
  readonly programs?: { readonly look: string; readonly host: string };
}

/** A model before it is fetched; bytes and files are those of the commit that would be fetched. */
export interface Found {
  readonly id: string;
  readonly revision: string;
  readonly bytes: number;
  readonly missingBytes: number;
  readonly files: number | null;
  /** All of it is here. */
  readonly whole: boolean;
  /** What `main` stands for now, where that is not what is in use here. */
  readonly newer: { readonly revision: string; readonly missingBytes: number } | null;
  /** False = the hub could not be asked, and what is here is used. */
  readonly asked: boolean;
}

/** What became of a model. */
export interface Pulled {
  readonly id: string;
  readonly revision: string;
  readonly snapshot: string;
  readonly bytes: number;
  readonly fetchedBytes: number;
  readonly newer: Found['newer'];
}

/**
 * Fetches models one after the other. All are looked up at the hub first, so that a typo, a closed door or a disk too
 * small for all of them is told before the first byte. Fails as `hubLook` and `fetchModel` do, and with `disk-full`.
 */
export async function fetchModels(order: FetchModelsOrder): Promise<readonly Pulled[]> {
  const targets = [...new Map(order.models.map((one) => [one.id, one])).values()];
  const found = await order.lifeline.during(look(order, targets));
  for (const one of found) order.onLooked(one);
  if (order.dryRun) return [];
  makeSureOfFolder(order);
  makeSureOfRoom(order, found);
  ensureDir0700(order.paths.logs);
  ensureDir0700(order.paths.cache);
  const pulled: Pulled[] = [];
  for (const one of found) {
    const done = await pull(order, one, targets.find(({ id }) => id === one.id)?.revision ?? null);
    pulled.push(done);
    order.onPulled(done);
  }
  return pulled;
}

const factsOf = (
  { system: { env, userHome } }: FetchModelsOrder,
  { id, revision }: PullTarget,
): ReturnType<typeof weightsFacts> => weightsFacts({ env, userHome, repo: id, revision });

/** What the hub says of all of them; where it cannot be asked, of what is here as it is here. */
async function look(order: FetchModelsOrder, targets: readonly PullTarget[]): Promise<readonly Found[]> {
  const wished = targets.map((target) => {
    const pinned = target.revision ?? (order.update ? null : factsOf(order, target).revision);
    return { repo: target.id, revision: pinned };
  });
  try {
    const program = order.programs && { program: order.programs.look };
    const { system, python, trustCode, lifeline } = order;
    const seen = await hubLook({ system, python, models: wished, trustCode, signal: lifeline.ended, ...program });
    return seen.map((one, index) => asFound(one, targets[index]?.revision ?? null));
  } catch (error) {
    if (!(error instanceof CclocalError) || error.failure.reason !== 'hub-unreachable' || order.update) throw error;
    const here = targets.map((target) => asHere(target.id, factsOf(order, target)));
    if (!here.every((one) => one !== null)) throw error;
    return here;
  }
}

function asFound(seen: Looked, pinned: string | null): Found {
  const { repo: id, revision, bytes, missingBytes, files, whole, main } = seen;
  // The catalog's own commit is no accident, so no other one is offered in its place.
  return { id, revision, bytes, missingBytes, files, whole, newer: pinned === null ? main : null, asked: true };
}

function asHere(id: string, { complete, revision, bytes }: ReturnType<typeof weightsFacts>): Found | null {
  if (!complete || revision === null) return null;
  return { id, revision, bytes: bytes ?? 0, missingBytes: 0, files: null, whole: true, newer: null, asked: false };
}

/** A disk that cannot be written to often says that nothing is free, so this is asked first. Fails with `bad-file`. */
function makeSureOfFolder({ system }: FetchModelsOrder): void {
  const path = hubCachePath(system.env, system.userHome);
  const problem = notWritable(path);
  if (problem === null) return;
  fail({
    reason: 'bad-file',
    path,
    line: null,
    column: null,
    problem: `models cannot be kept there: ${problem}`,
    hint: 'Make that folder writable, or set HF_HOME to another one.',
  });
}

/** Fails with `disk-full`, and what would free enough. */
function makeSureOfRoom({ system, paths }: FetchModelsOrder, found: readonly Found[]): void {
  const neededBytes = found.reduce((sum, one) => sum + one.missingBytes, 0);
  const path = hubCachePath(system.env, system.userHome);
  const free = freeBytes(path);
  if (free === null || neededBytes <= free) return;
  const wanted = new Set(found.map(({ id }) => id));
  const inUse = new Set(findKeepers(paths).map(({ weights }) => weights.repo));
  const others = listRepos(path).repos.filter(({ repo }) => !wanted.has(repo) && !inUse.has(repo));
  const enough = wouldFree(
    neededBytes - free,
    others.map(({ repo: id, bytes, lastUsedMs }) => ({ id, bytes, lastUsedMs })),
  );
  const doing = `fetching ${found.map(({ id }) => id).join(', ')}`;
  const room = { freeBytes: free, models: enough?.models ?? [], modelBytes: enough?.bytes ?? 0 };
  fail({ reason: 'disk-full', path, doing, neededBytes, room });
}

async function pull(order: FetchModelsOrder, found: Found, pinned: string | null): Promise<Pulled> {
  const { id, revision, bytes, missingBytes, newer } = found;
  const here = factsOf(order, { id, revision });
  const inUse = factsOf(order, { id, revision: pinned }).revision === revision;
  if (found.whole && inUse && here.snapshotPath !== null) {
    return { id, revision, snapshot: here.snapshotPath, bytes, fetchedBytes: 0, newer };
  }
  const { system, paths, lifeline, python, trustCode, programs } = order;
  const fetchOrder: FetchOrder = {
    ...{ system, paths, lifeline, python, trustCode, repo: id },
    // Asked for as the branch it is, so that the cache knows what its `main` stands for.
    revision: pinned === null && newer === null ? null : revision,
    onProgress: (progress) => order.onProgress(id, progress),
    ...(programs && { program: programs.host }),
  };
  const fetched = await fetchModel(fetchOrder);
  return { id, ...fetched, bytes, fetchedBytes: missingBytes, newer };
}
