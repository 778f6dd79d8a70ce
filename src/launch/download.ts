import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { awakeSeconds } from '../os/clock.ts';
import type { StartProgress } from '../keeper/protocol.ts';
import { DownloadRate } from './download-rate.ts';

/** Files do not announce that they grow, and on macOS not reliably that they appear, so their sizes are looked up. */
const lookEveryMs = 500;

/** A file to be fetched: `blob` is its name in the cache. */
export interface WantedFile {
  readonly path: string;
  readonly bytes: number;
  readonly blob: string | null;
}

export interface DownloadWatch {
  /** `<hub cache>/models--<owner>--<name>/blobs`; need not exist yet. */
  readonly blobs: string;
  readonly files: readonly WantedFile[];
  /** When the fetch began, ms since 1970: half-written files older than that are left over from others. */
  readonly since: number;
  readonly onProgress: (progress: Extract<StartProgress, { stage: 'fetching' }>) => void;
}

/** A download that is being followed. */
export interface DownloadView {
  /** Bytes that the downloader says it has received, on the disk or not yet: it stands still only when these do too. */
  readonly received: (bytes: number) => void;
  readonly stop: () => void;
}

/** Tells how far a download is, every half second and whenever a file is complete, until it is stopped. */
export function watchDownload(watch: DownloadWatch): DownloadView {
  const files = oneEach(watch.files);
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const rate = new DownloadRate(total);
  const seconds = awakeSeconds();
  let heard = 0;
  const look = (): void => {
    const { done, whole, begun } = onDisk(watch);
    const pace = rate.next({ at: seconds(), bytes: done, received: heard });
    watch.onProgress({ stage: 'fetching', done, total, ...pace, files: { total: files.length, whole, begun } });
  };
  look();
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  const stopListening = onChange(watch.blobs, look);
  return {
    received: (bytes) => (heard = bytes),
    stop: () => {
      clearInterval(timer);
      stopListening();
    },
  };
}

export interface OnDisk {
  /** Bytes of the wanted files that are here, whole or in part. */
  readonly done: number;
  /** Files that are whole, and those of which a part is here; two of one content are one. */
  readonly whole: number;
  readonly begun: number;
}

/** How much of the wanted files is on the disk. */
export function onDisk({ blobs, files, since }: Pick<DownloadWatch, 'blobs' | 'files' | 'since'>): OnDisk {
  const names = listed(blobs);
  const partial = names.filter((name) => name.endsWith('.incomplete'));
  const complete = new Set(names);
  let [done, whole, begun] = [0, 0, 0];
  for (const { blob, bytes } of oneEach(files)) {
    if (blob === null) continue;
    if (complete.has(blob)) {
      done += bytes;
      whole += 1;
      continue;
    }
    const own = partial.filter((name) => name.startsWith(`${blob}.`)).map((name) => written(join(blobs, name)));
    const newest = own.filter((file) => file.modified >= since).sort((a, b) => b.modified - a.modified)[0];
    if (newest === undefined) continue;
    done += Math.min(newest.bytes, bytes);
    begun += 1;
  }
  return { done, whole, begun };
}

/** Two files of one content are one blob. */
const oneEach = (files: readonly WantedFile[]): readonly WantedFile[] => [
  ...new Map(files.map((file) => [file.blob ?? file.path, file])).values(),
];

/** Bytes that really are on the disk: a file that is written in several places at once is long before it is full. */
function written(path: string): { bytes: number; modified: number } {
  try {
    const { size, blocks, mtimeMs } = statSync(path);
    return { bytes: Math.min(size, blocks * 512), modified: mtimeMs };
  } catch {
    return { bytes: 0, modified: 0 };
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Calls back when a file appears in or vanishes from the folder. */
function onChange(folder: string, changed: () => void): () => void {
  let close: (() => Promise<void>) | null = null;
  let ended = false;
  void import('chokidar').then(
    ({ watch }) => {
      if (ended) return;
      // One that was not closed in time, or cannot be, must not keep this process up.
      const watcher = watch(folder, { depth: 0, ignoreInitial: true, persistent: false });
      watcher
        .on('add', changed)
        .on('unlink', changed)
        .on('error', () => undefined);
      close = () => watcher.close();
    },
    () => undefined,
  );
  return () => {
    ended = true;
    void close?.();
  };
}
