import { dirname, join } from 'node:path';
import { ensureDir0700, readSmallFile, writePrivate } from '../../os/files.ts';
import type { Paths } from '../../os/paths.ts';
import { benchText, parseBench, type BenchResult } from './results.ts';

/** A full file is a third of this; what is longer is not read, bytes. */
const longest = 131_072;

const benchFile = ({ cache }: Pick<Paths, 'cache'>): string => join(cache, 'bench.json');

/** What was measured here before. Never throws. */
export const knownBench = (paths: Pick<Paths, 'cache'>): readonly BenchResult[] =>
  parseBench(readSmallFile(benchFile(paths), longest) ?? '');

/** Remembers it, in a file for the user alone. Fails with `disk-full` or `home-unusable`. */
export function keepBench(paths: Pick<Paths, 'cache'>, result: BenchResult): void {
  const path = benchFile(paths);
  ensureDir0700(dirname(path));
  writePrivate(path, benchText(knownBench(paths), result));
}
