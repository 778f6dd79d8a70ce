import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { betterEngine } from '../../src/launch/bench/better-engine.ts';
import { measure } from '../../src/launch/bench/measure.ts';
import { keepBench, knownBench } from '../../src/launch/bench/results-file.ts';
import { benchText, parseBench, resultsOf, type BenchResult } from '../../src/launch/bench/results.ts';
import type { Said } from '../../src/launch/bench/timed-request.ts';
import { benchDetail, benchProgressText, benchTable, betterText, speedText } from '../../src/report/bench-text.ts';

const result: BenchResult = {
  model: 'owner/name',
  revision: 'c1',
  engine: 'vllm-mlx',
  machine: 'a Mac',
  at: '2026-01-02T03:04:05.000Z',
  promptTokens: 8_000,
  readPerSecond: 412.4,
  writtenPerSecond: 38.2,
  coldMs: 19_400,
  warmMs: 700,
  peakBytes: 7e9,
};

describe('what is remembered', () => {
  test('comes back as it was; the same model, engine and machine once; bounded', () => {
    const once = parseBench(benchText([], result));
    expect(once).toEqual([result]);
    const again = { ...result, readPerSecond: 500 };
    expect(parseBench(benchText(once, again))).toEqual([again]);
    expect(parseBench(benchText(once, { ...result, engine: 'mlx-lm' }))).toHaveLength(2);
    let text = '';
    for (let index = 0; index < 70; index += 1) text = benchText(parseBench(text), { ...result, model: `m/${index}` });
    expect(parseBench(text).map(({ model }) => model)).toEqual(
      Array.from({ length: 64 }, (_, index) => `m/${index + 6}`),
    );
  });

  test.each(['', '{', 'null', '[]', '{"schemaVersion":2,"results":[]}', '{"schemaVersion":1,"results":[{"model":1}]}'])(
    'a file that holds %j holds nothing',
    (text) => expect(parseBench(text)).toEqual([]),
  );

  test('a result that cannot be is left out', () => {
    expect(parseBench(benchText([], { ...result, readPerSecond: 0 }))).toEqual([]);
  });

  test('is found by model, commit and machine', () => {
    const of = { model: 'owner/name', revision: 'c1', machine: 'a Mac' };
    expect(resultsOf([result], of)).toEqual([result]);
    expect(resultsOf([result], { ...of, revision: null })).toEqual([result]);
    expect(resultsOf([result], { ...of, revision: 'c2' })).toEqual([]);
    expect(resultsOf([result], { ...of, machine: 'another' })).toEqual([]);
  });

  test('lies in a file for the user alone, and what stands in its place is no failure', () => {
    const home = mkdtempSync(join(tmpdir(), 'ccl-bench-'));
    const paths = { cache: join(home, 'cache') };
    keepBench(paths, result);
    const file = join(paths.cache, 'bench.json');
    expect([statSync(file).mode & 0o777, statSync(paths.cache).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(knownBench(paths)).toEqual([result]);
    expect(readFileSync(file, 'utf8')).toBe(benchText([], result));
    writeFileSync(file, 'x'.repeat(200_000));
    expect(knownBench(paths)).toEqual([]);
    rmSync(file);
    mkdirSync(file);
    expect(knownBench(paths)).toEqual([]);
    rmSync(home, { recursive: true });
  });
});

describe('the better engine', () => {
  const row = { family: 'qwen3_moe', engine: { id: 'vllm-mlx', mode: 'batched', why: '' } } as const;
  const faster = { ...result, engine: 'mlx-vlm', writtenPerSecond: 60, warmMs: 500 };

  test('is named where it is clearly faster here', () => {
    expect(betterEngine(row, [result, faster])).toEqual({
      engine: 'mlx-vlm',
      seconds: 0.5 + 200 / 60,
      usualSeconds: 0.7 + 200 / 38.2,
    });
  });

  test('a small difference, and an engine without a figure, are no reason', () => {
    expect(betterEngine(row, [result, { ...faster, writtenPerSecond: 40 }])).toBeNull();
    expect(betterEngine(row, [faster])).toBeNull();
    expect(betterEngine(row, [result])).toBeNull();
    expect(betterEngine(row, [result, { ...faster, writtenPerSecond: null }])).toBeNull();
  });

  test('correctness comes first: one that the tables do not allow is never named, however fast', () => {
    for (const engine of ['mlx-lm', 'vllm-mlx-simple']) {
      expect(betterEngine(row, [result, { ...faster, engine, writtenPerSecond: 900, warmMs: 1 }])).toBeNull();
    }
    expect(betterEngine({ ...row, family: 'unheard_of' }, [result, faster])).toBeNull();
  });
});

/** A machine that reads and writes so many tokens a second; a token a word. */
function machine(read: number, write: number, { keeps = true, writes = 100 } = {}) {
  let clock = 0;
  const asked: { words: number; turns: number }[] = [];
  const known = new Set<string>();
  const ask = (messages: readonly Said[], maxTokens: number) => {
    const words = messages.reduce((sum, { content }) => sum + content.split(' ').length, 0);
    const [first] = messages;
    const cached = keeps && known.has(first?.content ?? '') ? (first?.content.split(' ').length ?? 0) : 0;
    known.add(first?.content ?? '');
    asked.push({ words, turns: messages.length });
    const firstMs = ((words - cached) / read) * 1000;
    const outputTokens = Math.min(writes, maxTokens);
    const lastMs = firstMs + ((outputTokens - 1) / write) * 1000;
    clock += lastMs;
    return Promise.resolve({
      firstMs,
      lastMs,
      inputTokens: words,
      cachedTokens: cached,
      outputTokens,
      text: 'one two',
    });
  };
  return { ask, asked, now: () => clock, seconds: () => clock / 1000 };
}

describe('measuring', () => {
  const nothing = (): void => undefined;

  test('finds the rates of a machine, cold and warm', async () => {
    const mac = machine(1_000, 40);
    const found = await measure({ ask: mac.ask, mostTokens: 16_384, onProgress: nothing, now: mac.now });
    expect(found.readPerSecond).toBeCloseTo(1_000);
    expect(found.writtenPerSecond).toBeCloseTo(40);
    expect(found.promptTokens).toBeGreaterThan(7_000);
    expect(found.promptTokens).toBeLessThan(8_300);
    expect(found.coldMs).toBeCloseTo(found.promptTokens, -1);
    expect(found.warmMs).toBeLessThan(20);
  });

  test('every prompt is new, and a slow machine gets a short one and is asked less often', async () => {
    const mac = machine(30, 4);
    const found = await measure({ ask: mac.ask, mostTokens: 16_384, onProgress: nothing, now: mac.now });
    expect(found.promptTokens).toBeLessThan(700);
    expect(mac.seconds()).toBeLessThan(180);
    const fast = machine(100_000, 500);
    await measure({ ask: fast.ask, mostTokens: 2_000, onProgress: nothing, now: fast.now });
    expect(fast.asked.filter(({ turns }) => turns === 1)).toHaveLength(5);
    expect(Math.max(...fast.asked.map(({ words }) => words))).toBeLessThan(2_100);
  });

  test('an engine that keeps nothing shows it, and one that says little has no rate of writing', async () => {
    const mac = machine(1_000, 40, { keeps: false, writes: 5 });
    const found = await measure({ ask: mac.ask, mostTokens: 4_000, onProgress: nothing, now: mac.now });
    expect(found.warmMs).toBeGreaterThan(found.coldMs);
    expect(found.writtenPerSecond).toBeNull();
  });

  test('the progress never goes back', async () => {
    const mac = machine(1_000, 40);
    const shares: number[] = [];
    await measure({ ask: mac.ask, mostTokens: 4_000, onProgress: (share) => shares.push(share), now: mac.now });
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
  });
});

test('how it is told', () => {
  expect(speedText(result)).toBe('412 tokens/s read, 38/s written');
  expect(benchDetail(result)).toBe(
    '412 tokens/s read, 38/s written; first token after 19.4 s with a new prompt of 8,000 tokens, 700 ms with the next message, at most 7.0 GB of memory (2026-01-02)',
  );
  expect(
    benchTable([{ label: 'Gemma 4 E4B', result }])
      .split('\n')
      .slice(0, 2),
  ).toEqual([
    'MODEL        ENGINE    READ/S  WRITTEN/S    COLD    WARM  MEMORY',
    'Gemma 4 E4B  vllm-mlx     412         38  19.4 s  700 ms  7.0 GB',
  ]);
  expect(benchProgressText(0.5, 'x'.repeat(100), 60)).toHaveLength(57);
  expect(benchProgressText(0.256, 'reading', 80)).toBe('[#####---------------] 25 %  reading');
  expect(betterText('A coder', '--coder', { engine: 'mlx-vlm', seconds: 3.83, usualSeconds: 5.9 })).toBe(
    'A coder is faster here on mlx-vlm (3.8 s for a usual turn, not 5.9 s): cclocal --coder --engine mlx-vlm',
  );
});
