import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onDisk, watchDownload } from '../../src/launch/download.ts';
import type { StartProgress } from '../../src/keeper/protocol.ts';
import { until } from '../support/keeper-rig.ts';

let folder: string;
let blobs: string;
const files = [
  { path: 'model-1.safetensors', bytes: 100_000, blob: 'aaa' },
  { path: 'model-2.safetensors', bytes: 50_000, blob: 'aab' },
  { path: 'config.json', bytes: 10, blob: 'ccc' },
  { path: 'copy/config.json', bytes: 10, blob: 'ccc' },
];
const since = Date.now() - 1_000;
const done = (): number => onDisk({ blobs, files, since }).done;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dl-'));
  blobs = join(folder, 'models--owner--name', 'blobs');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('whole files count whole, the newest half-written one as far as it is on the disk, old leftovers not', () => {
  expect(done()).toBe(0);
  mkdirSync(blobs, { recursive: true });
  writeFileSync(join(blobs, 'ccc'), 'x'.repeat(10));
  expect(done()).toBe(10);
  writeFileSync(join(blobs, 'aaa.11111111.incomplete'), Buffer.alloc(40_960, 1));
  expect(done()).toBe(10 + 40_960);
  // Another run that was killed left this one behind, an hour ago.
  const old = join(blobs, 'aab.22222222.incomplete');
  writeFileSync(old, Buffer.alloc(45_056, 1));
  utimesSync(old, new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_600_000));
  expect(done()).toBe(10 + 40_960);
  // Begun anew: the newer one counts, although it is smaller.
  utimesSync(join(blobs, 'aaa.11111111.incomplete'), new Date(Date.now() - 500), new Date(Date.now() - 500));
  writeFileSync(join(blobs, 'aaa.33333333.incomplete'), Buffer.alloc(8_192, 1));
  expect(done()).toBe(10 + 8_192);
  renameSync(join(blobs, 'aaa.33333333.incomplete'), join(blobs, 'aaa'));
  expect(done()).toBe(10 + 100_000);
});

test('a sparse file counts by what is written in it', () => {
  mkdirSync(blobs, { recursive: true });
  const file = openSync(join(blobs, 'aaa.11111111.incomplete'), 'w');
  ftruncateSync(file, 100_000);
  writeSync(file, Buffer.alloc(4_096, 1), 0, 4_096, 90_112);
  closeSync(file);
  expect(done()).toBeLessThanOrEqual(8_192);
});

test('is told as files grow and appear, and no more once it is stopped', async () => {
  const told: Extract<StartProgress, { stage: 'fetching' }>[] = [];
  const view = watchDownload({ blobs, files, since, onProgress: (progress) => told.push(progress) });
  try {
    expect(told[0]).toMatchObject({ stage: 'fetching', done: 0, total: 150_010, secondsLeft: null });
    mkdirSync(blobs, { recursive: true });
    writeFileSync(join(blobs, 'aaa.11111111.incomplete'), Buffer.alloc(40_960, 1));
    await until(() => told.at(-1)?.done === 40_960);
    renameSync(join(blobs, 'aaa.11111111.incomplete'), join(blobs, 'aaa'));
    await until(() => told.at(-1)?.done === 100_000);
    expect(told.at(-1)?.rate).toBeGreaterThan(0);
  } finally {
    view.stop();
  }
  const { length } = told;
  writeFileSync(join(blobs, 'aab'), Buffer.alloc(50_000, 1));
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(told).toHaveLength(length);
});

test('keeps no process up that has forgotten to stop it', { timeout: 20_000 }, () => {
  const program = fileURLToPath(new URL('../../src/launch/download.ts', import.meta.url));
  const code = `import { watchDownload } from ${JSON.stringify(program)};
    watchDownload({ blobs: ${JSON.stringify(tmpdir())}, files: [], since: 0, onProgress: () => undefined });
    setTimeout(() => undefined, 500);`;
  execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { timeout: 15_000 });
});
