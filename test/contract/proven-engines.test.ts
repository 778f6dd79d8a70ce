import { expect, test } from 'vitest';
import { familyIds } from '../../bench/families/family.ts';
import { callsRight, committedCalls } from '../../bench/tool-calls/table.ts';
import { configurationIds } from '../../bench/turns/configurations.ts';
import { judged } from '../../bench/turns/judge.ts';
import { rowOf } from '../../bench/turns/rows.ts';
import { scenarioIds } from '../../bench/turns/scenario-ids.ts';
import { cellOf, readTable } from '../../bench/turns/table.ts';
import { fileURLToPath } from 'node:url';
import { provenEngines } from '../../src/launch/bench/better-engine.ts';
import { engineNames } from '../../src/launch/engine-choice.ts';

// What `cclocal bench` may offer in place of a row's engine follows from the two committed tables. Where this fails, they
// say something else now: write what is received into src/launch/bench/better-engine.ts.

const turns = readTable(fileURLToPath(new URL('../../bench/turns.json', import.meta.url)));
const calls = committedCalls();
/** The rehearsal's is no model's. */
const families = familyIds.filter((family) => rowOf(family).flag !== 'rehearsal');
const nameOf = (configuration: string): string =>
  configuration === 'vllm-mlx batched' ? 'vllm-mlx' : configuration.replace(' ', '-');

test('the engines that are offered are those that the tables allow', () => {
  const allowed: Record<string, readonly string[]> = {};
  for (const family of families) {
    const row = rowOf(family);
    const good = configurationIds.filter((configuration) => {
      const cell = cellOf(turns, family, configuration);
      if (cell === null || judged(cell, row).length > 0 || !callsRight(calls, family, configuration)) return false;
      return scenarioIds.some((id) => cell.scenarios[id] !== undefined);
    });
    if (good.length === 0) continue;
    const names = engineNames.filter((name) => good.map(nameOf).includes(name));
    const before = allowed[row.family];
    // Two models of a family must both allow it.
    allowed[row.family] = before === undefined ? names : before.filter((name) => names.some((one) => one === name));
  }
  expect(provenEngines).toEqual(allowed);
});
