import { expect, test, vi } from 'vitest';
import { measureKills } from '../../bench/download-kill.ts';
import { isMet, measureProgress } from '../../bench/progress.ts';

vi.setConfig({ testTimeout: 90_000 });

test('what is shown of a download is true, a trickle is no stall, a stall is one: a part of check:progress', async () => {
  const found = await measureProgress({ seconds: 5, fileBytes: 2_000_000, stallSeconds: 4 });
  expect(isMet(found), JSON.stringify(found)).toBe(true);
});

test('a download that is killed goes on where it was: a part of check:download-kill', async () => {
  const share = { kills: 3, seed: Date.now() % 1_000_000 };
  process.stdout.write(`check:download-kill, small: seed ${share.seed}, ${share.kills} kills of 100\n`);
  const { fetchedAgain, leftHalf, rejected } = await measureKills(share);
  expect({ fetchedAgain, leftHalf, rejected }).toEqual({ fetchedAgain: [], leftHalf: [], rejected: [] });
});
