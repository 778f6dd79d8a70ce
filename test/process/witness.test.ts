import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Witness } from '../../src/keeper/supervise/witness.ts';
import { untilSo } from '../support/until.ts';

const killed = { kind: 'killed', detail: 'SIGKILL' } as const;
let folder: string;
let paths: { readonly cache: string };
let panics: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wit-'));
  paths = { cache: join(folder, 'cache') };
  panics = join(folder, 'reports');
  mkdirSync(panics);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A report of so many seconds ago. */
function report(name: string, secondsAgo: number): string {
  const path = join(panics, name);
  writeFileSync(path, '{}');
  const at = Date.now() / 1000 - secondsAgo;
  utimesSync(path, at, at);
  return path;
}

/** A start so long ago, by a keeper that is gone. */
async function startedAgo(seconds: number): Promise<void> {
  new Witness(paths, { panics }).started();
  const file = join(paths.cache, 'last-start');
  await untilSo(() => existsSync(file));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const at = Date.now() / 1000 - seconds;
  utimesSync(file, at, at);
}

test('a panic since the last start of any keeper is found, the newest of them, and nothing else', async () => {
  await startedAgo(3_600);
  report('Kernel-old.panic', 7_200);
  report('python3-crash.ips', 10);
  const witness = new Witness(paths, { panics });
  witness.started();
  expect(await witness.examine(killed)).toEqual({ cause: killed, panic: null });
  report('Kernel-1.panic', 1_800);
  const newest = report('Kernel-2.panic', 60);
  expect((await witness.examine(killed)).panic).toBe(newest);
  // This keeper's own next start does not make it forget: it took the one before along.
  witness.started();
  expect((await witness.examine(killed)).panic).toBe(newest);
});

test('without a start before, only what comes after this one counts', async () => {
  report('Kernel-1.panic', 60);
  const witness = new Witness(paths, { panics });
  witness.started();
  expect((await witness.examine(killed)).panic).toBeNull();
  const path = report('Kernel-2.panic', -5);
  expect((await witness.examine(killed)).panic).toBe(path);
});

test('no folder of reports is no panic', async () => {
  const witness = new Witness(paths, { panics: join(folder, 'none') });
  witness.started();
  expect((await witness.examine(killed)).panic).toBeNull();
});
