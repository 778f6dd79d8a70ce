import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundleMac, makeMac } from '../support/mac.ts';
import { untilNone, untilSo } from '../support/until.ts';

// `cclocal bench` on a recorded Mac, with a scripted engine behind the real keeper and gateway.

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ccl-mac-'));
  program = await bundleMac(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const slow = { prefill: { seconds: 0.1, tokens: 1_000 } };

test('measures what is ready and fits, remembers it privately, and the menu shows it', async () => {
  await using mac = makeMac(program, { machine: 'mac-64gb-macos26', script: slow });
  const ran = await mac.run(['bench', '--json']);
  expect(ran).toMatchObject({ code: 0 });
  expect(JSON.parse(ran.stdout)).toMatchObject({
    better: [],
    failed: [],
    results: [
      {
        model: 'test/toy',
        engine: 'vllm-mlx-simple',
        promptTokens: 10,
        machine: expect.stringMatching(/^macOS 26/) as string,
      },
    ],
  });
  const file = join(mac.rig.cclocalHome, 'cache/bench.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schemaVersion: 1, results: [{ model: 'test/toy' }] });
  expect(mac.happened().filter(({ path }) => path === '/v1/messages')).toHaveLength(8);
  await untilNone(() => mac.rig.processes());
  const session = mac.onPty([], { columns: 100, rows: 30 });
  await session.waitFor(/Which model\?[\s\S]*leave/);
  expect(session.screen()).toMatch(/A toy .* --toy +[\d,.]+\/\S+ tok\/s/);
  session.type('toy');
  await session.waitFor(/Measured here: [\d,.]+ tokens\/s read/);
  session.type('\x03');
  expect((await session.exited).code).toBe(130);
});

test('Ctrl-C in the middle ends it with 130 and leaves nothing running, no result and the terminal as it was', async () => {
  await using mac = makeMac(program, {
    machine: 'mac-64gb-macos26',
    script: { prefill: { seconds: 30, tokens: 1_000 } },
  });
  const session = mac.onPty(['bench', 'toy'], { columns: 80, rows: 30 });
  await session.waitFor(/\[-{20}\] 0 % {2}A toy on vllm-mlx-simple: the first request/);
  const sent = (): number => mac.happened().filter(({ path }) => path === '/v1/messages').length;
  await untilSo(() => sent() > 0);
  session.type('\x03');
  expect(await session.exited).toEqual({ code: 130, signal: 0 });
  expect(session.plain()).toBe(true);
  await untilNone(() => mac.rig.processes());
  expect([sent(), existsSync(join(mac.rig.cclocalHome, 'cache/bench.json'))]).toEqual([1, false]);
});

test.each([
  [['bench', 'tooy'], /There is no model "tooy" here\.[\s\S]*Did you mean toy\?/],
  [['bench', 'gemma'], /Gemma 4 26B-A4B is not here yet[\s\S]*cclocal pull gemma/],
  [['bench', 'toy', '--engine', 'mlx-lmm'], /There is no engine "mlx-lmm"[\s\S]*--engine mlx-lm/],
  [['bench', 'toy', '--engine', 'mlx-lm', '--all-engines'], /exclude each other/],
  [['bench'], /No model is here that is complete and fits this Mac/],
])('%j is refused before anything is started', async (args, words) => {
  await using mac = makeMac(program);
  const ran = await mac.run(args);
  expect([ran.code, mac.happened()]).toEqual([2, []]);
  expect(ran.stderr.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(words.source.replaceAll('[\\s\\S]*', '.*')));
});
