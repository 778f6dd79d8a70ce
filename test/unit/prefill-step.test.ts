import { describe, expect, test } from 'vitest';
import { modelFigures } from '../../src/models/memory/figures.ts';
import { shippedCatalog } from '../../src/models/shipped-catalog.ts';
import { assets } from '../../src/os/assets.ts';
import { known, unknown, type Machine } from '../../src/preflight/machine.ts';
import { memoryNeed } from '../../src/preflight/need.ts';
import { prefillStepFor, stepCap } from '../../src/preflight/prefill-step.ts';
import { recordedMachine } from '../../src/preflight/recorded.ts';
import { assess } from '../../src/preflight/verdict.ts';

const catalog = shippedCatalog(assets.catalog);
const chip = (name: string, ramGiB: number): Pick<Machine, 'chip' | 'ramBytes'> => ({
  chip: known(name),
  ramBytes: known(ramGiB * 1024 ** 3),
});

describe('by chip and context alone', () => {
  test.each([
    ['Apple M3 Ultra', 256, 32_768, 2048],
    ['Apple M1 Pro', 16, 32_768, 2048],
    ['Apple M4', 24, 32_768, 2048],
    ['Apple M4', 16, 32_768, 1024],
    ['Apple M1', 8, 16_384, 1024],
    ['Apple M2 Ultra', 128, 65_536, 2048],
    ['Apple M2 Ultra', 128, 65_537, 1024],
    ['Apple M2 Ultra', 128, 131_072, 1024],
    ['Apple M1', 16, 262_144, 512],
    ['Apple M3 Ultra', 512, 1_000_000, 256],
  ])('%s with %i GiB at %i tokens: %i', (name, ramGiB, context, step) => {
    expect(stepCap(chip(name, ramGiB), context)).toBe(step);
  });

  test("the engines' own where the chip is not known", () => {
    expect(stepCap({ chip: unknown('no answer'), ramBytes: unknown('no answer') }, 32_768)).toBe(2048);
  });
});

const machines = ['mac-8gb-macos26', 'mac-16gb-macos15', 'mac-16gb-macos26', 'mac-24gb-macos26', 'mac-32gb-macos26'];
const cases = [...machines, 'mac-64gb-macos26', 'busy-24gb-macos26'].flatMap((name) =>
  catalog.rows.map((row) => ({ name, flag: row.flag })),
);

test.each(cases)('$flag on $name: within the memory plan, and the largest that is', ({ name, flag }) => {
  const file = new URL(`../fixtures/machines/${name}.json`, import.meta.url).pathname;
  const machine = recordedMachine(file);
  const row = catalog.rows.find((one) => one.flag === flag) ?? expect.fail(flag);
  const figures = modelFigures({ row, weights: null, config: null, observed: null });
  const found = assess({ machine, figures, context: row.context });
  const step = prefillStepFor({ machine, figures, found });
  expect(step).toBeLessThanOrEqual(stepCap(machine, row.context));
  const total = (prefillStep: number): number =>
    memoryNeed({ figures, context: row.context, prefillStep })?.totalBytes ?? Infinity;
  const limit = (found.budget?.limitBytes ?? 0) - found.holders.bytes;
  const free = Math.min(limit, found.availableBytes ?? Infinity);
  if (found.verdict !== 'fits') expect(step).toBe(Math.min(found.prefillStep, stepCap(machine, row.context)));
  else if (step > found.prefillStep) expect(total(step)).toBeLessThanOrEqual(free);
  else if (step < stepCap(machine, row.context)) expect(total(2 * step)).toBeGreaterThan(free);
});

test('a middle step is taken where the large one does not fit', () => {
  const steps = cases.map(({ name, flag }) => {
    const machine = recordedMachine(new URL(`../fixtures/machines/${name}.json`, import.meta.url).pathname);
    const row = catalog.rows.find((one) => one.flag === flag) ?? expect.fail(flag);
    const figures = modelFigures({ row, weights: null, config: null, observed: null });
    const found = assess({ machine, figures, context: row.context });
    return { planned: found.prefillStep, step: prefillStepFor({ machine, figures, found }) };
  });
  expect(steps.filter(({ planned, step }) => planned === 512 && step === 1024).length).toBeGreaterThan(0);
  expect(steps.filter(({ planned, step }) => planned === 2048 && step === 1024).length).toBeGreaterThan(0);
});
