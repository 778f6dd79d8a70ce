import { readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readSmallFile } from '../os/files.ts';
import { lookAt, namesIn } from '../os/look.ts';

// The store that all repositories of a cache share, since huggingface_hub 1.33: `blobs/<2 hex>/<64 hex>` are payloads,
// `….refs` beside each lists the blobs of repositories that link to it. The list is a hint: each line counts only while
// its link is really there.

/** Its list of references is a few lines; more than this is not one. */
const mostManifestBytes = 1 << 20;

/** The payloads in the store; none where it is not marked as the hub's own. */
function payloads(hubCache: string): readonly string[] {
  const store = join(hubCache, 'blobs');
  if (readSmallFile(join(store, '.huggingface-shared-blobs'), 16) !== '1\n') return [];
  return namesIn(store)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .flatMap((prefix) =>
      namesIn(join(store, prefix))
        .filter((name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(prefix))
        .map((name) => join(store, prefix, name)),
    );
}

/** Bytes of the payloads whose numbers are not among the known ones. */
export function storedElsewhere(hubCache: string, known: ReadonlyMap<number, number>): number {
  return payloads(hubCache).reduce((sum, path) => {
    const stat = lookAt(path);
    return stat === undefined || !stat.isFile() || known.has(stat.ino) ? sum : sum + stat.size;
  }, 0);
}

/** The payload that a repository's blob links to; null = the blob is a file of its own. */
export function sharedPayload(hubCache: string, blob: string): string | null {
  let link: string;
  try {
    link = readlinkSync(blob);
  } catch {
    return null;
  }
  const path = resolve(dirname(blob), link);
  return /^[0-9a-f]{2}\/[0-9a-f]{64}$/.test(path.slice(join(hubCache, 'blobs').length + 1)) ? path : null;
}

/** The blobs that really link to a payload, by its list; null = it has none that can be read, so it is never deleted. */
export function references(hubCache: string, payload: string): readonly string[] | null {
  const list = readSmallFile(`${payload}.refs`, mostManifestBytes);
  if (list === null) return null;
  const blobs = list.split('\n').filter((line) => /^[a-z]+--[^/]+\/blobs\/[^/]+$/.test(line));
  return [...new Set(blobs)]
    .map((line) => join(hubCache, line))
    .filter((blob) => sharedPayload(hubCache, blob) === payload);
}

/** Payloads that no repository links to any more, and that the hub would sweep; data sets count as users. */
export function unreferenced(hubCache: string): readonly string[] {
  return payloads(hubCache).filter((path) => references(hubCache, path)?.length === 0);
}
