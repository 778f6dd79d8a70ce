import { readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { entriesIn, lookThrough } from '../os/look.ts';
import { isWeights } from './repo-state.ts';

/** A file of a repository, under the path that a revision's link names. */
export interface Blob {
  readonly bytes: number;
  /** ms since 1970. */
  readonly usedMs: number;
  readonly weights: boolean;
}

/** What one revision consists of. */
export interface Walk {
  /** Bytes of its files by their path below its folder; 0 = its link points at nothing. */
  readonly files: ReadonlyMap<string, number>;
  /** Paths of its blobs, or of the files themselves where it has no links. */
  readonly blobs: ReadonlySet<string>;
  /** Those of its files whose links point at nothing. */
  readonly broken: readonly string[];
  /** The last change of one of its files, ms since 1970. */
  readonly changedMs: number;
}

export interface WalkOrder {
  readonly folder: string;
  readonly repoFolder: string;
  /** What is known of the repository's blobs; what is found is added. Null = nothing is there. */
  readonly blobs: Map<string, Blob | null>;
  /** Bytes of each file that is really there, by its number on the disk; what is found is added. */
  readonly payloads: Map<number, number>;
}

/** Looks at every file of a revision, once. What vanishes meanwhile is passed over. */
export function walkSnapshot({ folder, repoFolder, blobs, payloads }: WalkOrder): Walk {
  const files = new Map<string, number>();
  const own = new Set<string>();
  const broken: string[] = [];
  let changedMs = 0;

  const look = (blob: string, name: string): void => {
    let known = blobs.get(blob);
    if (known === undefined) {
      const stat = lookThrough(blob);
      // The hub passes over links to folders, too.
      if (stat?.isDirectory() === true) return;
      known = stat === undefined ? null : { bytes: stat.size, usedMs: stat.atimeMs, weights: isWeights(name) };
      blobs.set(blob, known);
      if (stat !== undefined) {
        payloads.set(stat.ino, stat.size);
        changedMs = Math.max(changedMs, stat.mtimeMs);
      }
    }
    files.set(name, known?.bytes ?? 0);
    own.add(blob);
    if (known === null) broken.push(name);
  };

  const walk = (at: string, prefix: string, up: string): void => {
    for (const entry of entriesIn(at)) {
      const path = `${at}/${entry.name}`;
      const name = prefix + entry.name;
      if (entry.isDirectory()) {
        walk(path, `${name}/`, `../${up}`);
        continue;
      }
      const blob = entry.isSymbolicLink() ? target(path, `${repoFolder}/blobs/`, up) : path;
      if (blob !== null) look(blob, name);
    }
  };
  walk(folder, '', '../../blobs/');
  return { files, blobs: own, broken, changedMs };
}

/** The first hop of a link: a blob may itself be a link into the store of the whole cache. Null = it is gone. */
function target(path: string, blobs: string, up: string): string | null {
  let link: string;
  try {
    link = readlinkSync(path);
  } catch {
    return null;
  }
  // What the hub writes; to resolve it takes longer than to look at the file.
  if (link.startsWith(up) && !link.includes('/', up.length)) return blobs + link.slice(up.length);
  return resolve(dirname(path), link);
}
