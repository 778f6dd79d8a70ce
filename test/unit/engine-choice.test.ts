import { expect, test } from 'vitest';
import { CclocalError, type EngineCause } from '../../src/errors.ts';
import { engineChoices, engineNames, rowOn } from '../../src/launch/engine-choice.ts';
import { makeRequest } from '../../src/launch/make-request.ts';
import { cannotLoad, nextEngines } from '../../src/launch/next-engine.ts';
import { planDiskCache } from '../../src/launch/plan-cache.ts';
import { insteadWords } from '../../src/launch/usable-engine.ts';
import { rowNamed } from '../../src/models/resolve.ts';
import { pathsFor } from '../../src/os/paths.ts';
import { realSystem } from '../../src/os/real-system.ts';
import { aPlan, shippedCatalog } from '../support/plans.ts';

const names = (flag: string): readonly string[] =>
  engineChoices(rowNamed(flag, shippedCatalog), null).map(({ name }) => name);

test("the catalog's engine comes first, then those that re-read least, none twice", () => {
  expect(names('gemma')).toEqual(['mlx-vlm', 'mlx-lm', 'vllm-mlx-simple']);
  expect(names('qwen3')).toEqual(['mlx-vlm', 'mlx-lm', 'vllm-mlx-simple']);
  expect(names('coder')).toEqual(['vllm-mlx', 'mlx-lm', 'mlx-vlm']);
  for (const { flag } of shippedCatalog.rows) expect(new Set(names(flag)).size).toBe(names(flag).length);
});

test.each(engineNames)('--engine %s is the only one, and says why', (name) => {
  const choices = engineChoices(rowNamed('gemma', shippedCatalog), name);
  expect(choices).toHaveLength(1);
  expect(choices[0].name).toBe(name);
  expect(choices[0].why).toMatch(
    name === 'mlx-vlm' ? /^measured/ : /^asked for with --engine; the catalog has mlx-vlm/,
  );
  const { engine } = rowOn(rowNamed('gemma', shippedCatalog), choices[0]);
  expect(engine.mode).toBe(name === 'vllm-mlx-simple' ? 'simple' : 'batched');
});

test('an unknown name gets the nearest one', () => {
  const asked = (engine: string): unknown => {
    try {
      return makeRequest({ options: { engine }, modelFlags: [], agentArgs: [] }, {}).engine;
    } catch (error) {
      return error instanceof CclocalError && error.failure.reason === 'usage' ? error.failure.hint : error;
    }
  };
  expect(asked('mlx-lm')).toBe('mlx-lm');
  expect(asked('mlx-vml')).toBe('Did you mean --engine mlx-vlm?');
  expect(asked('something')).toBe('There are: vllm-mlx, vllm-mlx-simple, mlx-vlm, mlx-lm.');
});

const died = (cause: EngineCause): CclocalError =>
  new CclocalError({ reason: 'engine-exited', cause, code: 1, signal: null, logTail: [], logPath: '/l' });

test('only what lies with the engine is a reason for another one', () => {
  expect(cannotLoad(died({ kind: 'model-type', detail: 'foo' }))).toBe('it does not know the model: foo');
  expect(cannotLoad(died({ kind: 'flag', detail: '--x' }))).toBe('it does not start: --x');
  for (const kind of ['out-of-memory', 'killed', 'hub', 'port', 'unknown'] as const) {
    expect(cannotLoad(died({ kind, detail: '' }))).toBeNull();
  }
  expect(cannotLoad(new CclocalError({ reason: 'keeper-stopped' }))).toBeNull();
  expect(cannotLoad(new Error('x'))).toBeNull();
});

test('each engine of the list is tried once, with a word, and then it is over', async () => {
  const [choice, ...rest] = engineChoices(rowNamed('gemma', shippedCatalog), null);
  const system = realSystem({ CCLOCAL_HOME: '/nowhere' });
  const order = { system, paths: pathsFor(system.env, '/nowhere'), remembers: false };
  const next = nextEngines(order, { choice, rest }, () => aPlan());
  const error = died({ kind: 'model-type', detail: 'foo' });
  expect(await next(died({ kind: 'killed', detail: '' }))).toBeNull();
  expect((await next(error))?.words).toEqual([
    'The engine mlx-vlm cannot be used (it does not know the model: foo); taking mlx-lm instead.',
  ]);
  expect((await next(error))?.words).toEqual([
    'The engine mlx-lm cannot be used (it does not know the model: foo); taking vllm-mlx-simple instead.',
  ]);
  expect(await next(error)).toBeNull();
  expect(insteadWords(choice, choice, 'x')).toContain('mlx-vlm');
});

test('the disk cache has bounds, and is for who wants and can', () => {
  const GiB = 1024 ** 3;
  const plan = (over: Partial<Parameters<typeof planDiskCache>[0]>): ReturnType<typeof planDiskCache> =>
    planDiskCache({
      ...{ engine: { id: 'mlx-vlm', keepsOnDisk: true }, mode: 'batched', model: 'owner/name', folder: '/c' },
      ...{ privacy: 'standard', prefixCacheBytes: GiB, freeBytes: 1000 * GiB },
      ...over,
    });
  expect(plan({}).diskCache).toEqual({ path: '/c/mlx-vlm/owner--name', maxBytes: 4 * GiB });
  expect(plan({ prefixCacheBytes: 1 }).diskCache?.maxBytes).toBe(GiB);
  expect(plan({ prefixCacheBytes: 99 * GiB }).diskCache?.maxBytes).toBe(16 * GiB);
  expect(plan({ freeBytes: 8 * GiB }).diskCache?.maxBytes).toBe(2 * GiB);
  expect(plan({ freeBytes: 3 * GiB })).toEqual({
    diskCache: null,
    words: ['The disk is nearly full, so nothing that was read is kept for the next launch.'],
  });
  for (const none of [
    { privacy: 'private' },
    { mode: 'simple' },
    { engine: { id: 'mlx-lm', keepsOnDisk: false } },
  ] as const) {
    expect(plan(none)).toEqual({ diskCache: null, words: [] });
  }
});
