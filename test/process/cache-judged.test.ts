import { describe, expect, test } from 'vitest';
import { sizesOfBuilt } from '../../bench/list.ts';
import { checkRm, fewDeletions, layouts } from '../../bench/rm.ts';

// The small forms of bench:list and check:rm, on caches that the fixtures build; the full forms have them made by the
// releases of the hub.

describe.each(layouts)('the hub as the judge, layout "%s"', (layout) => {
  test('list has its sizes to the byte', async () => {
    expect(await sizesOfBuilt(layout, 6)).toEqual({ repos: 6, differ: [] });
  });

  test('rm frees what it promised, and leaves what it should', { timeout: 60_000 }, async () => {
    const wanted = layout === 'shared' ? fewDeletions : fewDeletions.slice(0, 1);
    const steps = await checkRm({ layout, weightBytes: 2_000_000, real: false, deletions: wanted });
    expect(steps.map(({ what, wrong }) => ({ what, wrong }))).toEqual(wanted.map(({ what }) => ({ what, wrong: [] })));
    expect(steps[0]?.said).toBeGreaterThan(3_000_000);
  });
});
