import { expect, test } from 'vitest';
import type { FamilyId } from '../../bench/families/family.ts';
import { measureCalls } from '../../bench/tool-calls.ts';
import { passes } from '../../bench/tool-calls/table.ts';
import { configurationOf } from '../../bench/turns/configurations.ts';
import { rowOf } from '../../bench/turns/rows.ts';

const families = [
  'qwen2',
  'qwen3_moe',
  'glm4_moe_lite',
  'qwen3_5',
  'gemma4_e4b',
] as const satisfies readonly FamilyId[];

test(
  'check:tool-calls, small: one syntax of five, every case at its row’s own engine',
  { timeout: 120_000 },
  async () => {
    const seed = Date.now() % families.length;
    const family = families[seed] ?? 'gemma4_e4b';
    console.info(`check:tool-calls, small: seed ${seed}, ${family}, 1 of ${families.length} syntaxes`);
    const own = configurationOf(rowOf(family).engine);
    const cells = await measureCalls({
      families: (each) => each === family,
      configurations: (_, configuration) => configuration === own,
      architectures: false,
      beyond: false,
      onCell: () => undefined,
    });
    expect(cells.map((cell) => [passes(cell), cell.cases])).toEqual([[true, expect.anything()]]);
  },
);
