import { expect, test } from 'vitest';
import { standIns } from '../../bench/sharing/kinds.ts';
import { share } from '../../bench/sharing/run.ts';
import { finished, makeRig } from '../support/rig.ts';
import { said } from '../support/said.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';
import { mulberry } from '../support/seeded.ts';

test('sessions come and go on two models: a part of check:sharing', { timeout: 120_000 }, async () => {
  const seed = Date.now() % 1_000_000;
  const changes = 6;
  process.stdout.write(`check:sharing, small: seed ${seed}, ${changes} changes of 20, with stand-ins\n`);
  const random = mulberry(seed);
  const shared = await share({ kind: standIns, atOnce: 4, changes, pauseMs: 500, goneWithinMs: 15_000, random });
  expect(shared.wrong).toEqual([]);
  expect(shared).toMatchObject({ starts: 4 + changes, stops: 4 + changes });
  // Each of the last four got two replies at least.
  expect(shared.done).toBeGreaterThanOrEqual(8);
});

test(
  'a session that asks for more context than the keeper has is told the difference',
  { timeout: 60_000 },
  async () => {
    await using rig = makeRig();
    const { model, env } = scriptedEngine(rig.home);
    const asking = (...more: readonly string[]): string[] => ['--model', model, '--server', ...more];
    const first = rig.start(asking('--context', '16384'), { env });
    const ended = finished(first);
    await said(first, /clients add NAME/);
    const more = await rig.run(asking('--context', '32768'), { env });
    expect(more.code, more.stderr).toBe(90);
    expect(more.stderr).toContain('it runs with a context of 16,384 tokens, 32,768 were asked for');
    const less = rig.start(asking('--context', '16384'), { env });
    const lessEnded = finished(less);
    await said(less, /already running/);
    for (const child of [first, less]) child.kill('SIGTERM');
    expect([(await ended).code, (await lessEnded).code]).toEqual([143, 143]);
  },
);
