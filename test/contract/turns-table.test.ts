import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { familyIds } from '../../bench/families/family.ts';
import { bestEngine } from '../../bench/turns/best-engine.ts';
import { configurationIds, configurationOf } from '../../bench/turns/configurations.ts';
import { judged } from '../../bench/turns/judge.ts';
import { turnsPlot } from '../../bench/turns/draw.ts';
import { markdown } from '../../bench/turns/report.ts';
import { rowOf, rowsWithout } from '../../bench/turns/rows.ts';
import { cellOf, readTable } from '../../bench/turns/table.ts';
import { wallBar } from '../../bench/turns/wall.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const table = readTable(at('bench/turns.json'));

// The catalog's engines follow from the committed table. Where a test here fails, either a row was changed without
// evidence, or the evidence (npm run bench:turns -- --write) says something else now.

test('every catalog row has an architecture, and every cell was measured', () => {
  expect(rowsWithout()).toEqual([]);
  const missing = familyIds.filter((family) =>
    configurationIds.some((configuration) => cellOf(table, family, configuration) === null),
  );
  expect(missing).toEqual([]);
});

describe.each(familyIds)('%s', (family) => {
  const row = rowOf(family);

  test('its row runs on the engine that the table recommends', () => {
    expect(configurationOf(row.engine)).toBe(bestEngine(table, family));
  });

  test('its row reads only what is new there', () => {
    const cell = cellOf(table, family, configurationOf(row.engine));
    expect(cell && judged(cell, row)).toEqual([]);
  });
});

test('the page is of this table', async () => {
  expect(readFileSync(at('bench/turns.md'), 'utf8')).toBe(await markdown(table));
});

test('a session of 20 calls takes at most half of the time that it takes the reference’s way', () => {
  const { reference, own } = table.wall?.seconds ?? { reference: 0, own: Infinity };
  expect(own / reference).toBeLessThanOrEqual(wallBar);
});

test('the plot is of this table', () => {
  expect(readFileSync(at('docs/turns.svg'), 'utf8')).toBe(turnsPlot(table));
});
