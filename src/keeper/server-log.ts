import { closeSync, fstatSync, openSync, readdirSync, readSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { keeperIds } from './find.ts';

/** Logs of engines kept beside that of the running one. */
const kept = 5;

/**
 * Name of a new engine's log. Each has a file of its own, as two engines may run at once; `server.log` is a link to the
 * newest. Removes the oldest ones beyond five, but none of a running keeper.
 */
export function newServerLog(paths: { readonly logs: string; readonly run: string }, id: string, now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  const path = join(paths.logs, `server-${stamp}-${id}.log`);
  const running = keeperIds(paths);
  const old = readdirSync(paths.logs)
    .filter((name) => /^server-.*\.log$/.test(name) && !running.some((one) => name.endsWith(`-${one}.log`)))
    .sort()
    .slice(0, -(kept - 1));
  for (const name of old) rmSync(join(paths.logs, name), { force: true });
  const link = join(paths.logs, 'server.log');
  const fresh = `${link}.${id}`;
  symlinkSync(basename(path), fresh);
  renameSync(fresh, link);
  return path;
}

/** The last lines of a log, at most 64 KiB of it and nothing before byte `from`; none where there is no log. */
export function logTail(path: string, lines = 20, from = 0): readonly string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const length = Math.max(0, Math.min(size - from, 65_536));
    const bytes = Buffer.alloc(length);
    const read = readSync(file, bytes, 0, length, size - length);
    return bytes
      .toString('utf8', 0, read)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-lines);
  } finally {
    closeSync(file);
  }
}
