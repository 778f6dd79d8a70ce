import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureDir0700, writePrivate } from '../../os/files.ts';
import type { Paths } from '../../os/paths.ts';

/** A file whose time tells when an engine was last started here: it outlives a kernel panic, which takes the keeper along. */
const fileOf = ({ cache }: Pick<Paths, 'cache'>): string => join(cache, 'last-start');

/** When an engine was last started on this machine, ms since 1970; null = not known. */
export function lastStart(paths: Pick<Paths, 'cache'>): number | null {
  try {
    return statSync(fileOf(paths)).mtimeMs;
  } catch {
    return null;
  }
}

/** Remembers that one is started now. That it cannot be kept costs nothing but the look at a panic before it. */
export function noteStart(paths: Pick<Paths, 'cache'>): void {
  try {
    ensureDir0700(dirname(fileOf(paths)));
    writePrivate(fileOf(paths), `${new Date().toISOString()}\n`);
  } catch {
    return;
  }
}
