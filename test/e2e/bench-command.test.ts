import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeRig } from '../support/rig.ts';
import { untilNone } from '../support/until.ts';

vi.setConfig({ testTimeout: 90_000 });

// The whole chain: the real engine with the rehearsal model, the real keeper and gateway. Where no model of the catalog
// can run, as here, it is what a plain `cclocal bench` measures.
test('cclocal bench measures the real engine, warm faster than cold, and leaves nothing but its figures', async () => {
  await using rig = makeRig();
  const ran = await rig.run(['bench', '--json']);
  expect(ran).toMatchObject({ code: 0 });
  const { results } = JSON.parse(ran.stdout) as { results: Record<string, number>[] };
  expect(results).toMatchObject([{ model: 'cclocal/rehearsal', engine: 'vllm-mlx' }]);
  const [{ coldMs = 0, warmMs = 0, readPerSecond = 0, promptTokens = 0, peakBytes = 0 } = {}] = results;
  expect(promptTokens).toBeGreaterThan(1_000);
  expect(readPerSecond).toBeGreaterThan(100);
  expect(warmMs).toBeGreaterThan(0);
  expect(warmMs).toBeLessThan(coldMs);
  expect(peakBytes).toBeGreaterThan(10e6);
  expect(ran.stderr).toMatch(/\[-{20}\] 0 % {2}Rehearsal on vllm-mlx: starting/);
  // Estimates and measurements of real sessions are not made of these.
  expect(
    ['cache/bench.json', 'cache/speed.json', 'memory.json'].map((name) => existsSync(join(rig.cclocalHome, name))),
  ).toEqual([true, false, false]);
  await untilNone(() => rig.processes());
});
