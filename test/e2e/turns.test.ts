import { expect, test } from 'vitest';
import { configurationOf } from '../../bench/turns/configurations.ts';
import { judged } from '../../bench/turns/judge.ts';
import { buildChains, measureCell } from '../../bench/turns/measure.ts';
import { rowOf } from '../../bench/turns/rows.ts';

const seed = Date.now() % 2;
console.info(
  `bench:turns, small: seed ${seed}; 2 of 7 architectures at their default engine, 2 of 6 scenarios, 4 calls of 20, 5 turns of 30`,
);
test.each([
  ['qwen3_moe', ['long']],
  ['gemma4_e4b', [seed === 0 ? 'agent' : 'restart']],
] as const)(
  'bench:turns, small: %s reads only what is new at its default engine',
  { timeout: 120_000 },
  async (family, wanted) => {
    const sizes = { calls: 4, turns: 5, half: 2, tokens: 400 };
    const row = rowOf(family);
    using chains = buildChains(family, sizes, wanted);
    const cell = await measureCell(configurationOf(row.engine), chains, sizes, wanted);
    expect(Object.keys(cell.scenarios).sort(), cell.failure ?? '').toEqual([...wanted].sort());
    expect(judged(cell, row)).toEqual([]);
    // Meant to be read, not only compared: what was measured stands in the output.
    for (const [name, { figures, turns }] of Object.entries(cell.scenarios))
      console.info(`${family} ${name}: ${figures.read} read, ${figures.fresh} new, ${JSON.stringify(turns)}`);
  },
);
