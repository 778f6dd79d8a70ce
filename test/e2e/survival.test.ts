import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildCounting, survivalWrongs, survive } from '../../bench/survival.ts';
import { claudeBin } from '../support/rig.ts';

// The small form: three calls; one session whose client notices nothing, and one that is cut off. The full one has all five.
test('check:survival, small: sessions go on after their engine was killed, and no call is carried out twice', async () => {
  const calls = 3;
  const folder = mkdtempSync(join(tmpdir(), 'ccl-s-'));
  try {
    const model = join(folder, 'model');
    buildCounting(model, calls);
    const phases = ['prefill', 'text'] as const;
    const order = { claude: claudeBin, model, calls, at: 2 };
    const all = await Promise.all(phases.map((phase) => survive({ ...order, phase })));
    expect(all.flatMap((one) => survivalWrongs(one, calls).map((wrong) => `${one.phase}: ${wrong}`))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 90_000);
