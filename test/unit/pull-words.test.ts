import { describe, expect, test } from 'vitest';
import type { StartProgress } from '../../src/keeper/protocol.ts';
import { wouldFree } from '../../src/launch/disk-room.ts';
import { DownloadRate } from '../../src/launch/download-rate.ts';
import { failureText } from '../../src/report/failure-text.ts';
import { progressText } from '../../src/report/progress-text.ts';
import { newerText, pulledText, wouldPullText } from '../../src/report/pull-text.ts';

const fetching: Extract<StartProgress, { stage: 'fetching' }> = {
  ...{ stage: 'fetching', done: 1_200_000_000, total: 5_200_000_000, rate: 45_000_000 },
  ...{ secondsLeft: 90, stalledSeconds: 0, files: { total: 12, whole: 5, begun: 3 } },
};

describe('the progress line', () => {
  test.each<[StartProgress, string]>([
    [fetching, 'Fetching x: 1.2 GB of 5.2 GB (23 %), 45.0 MB/s, 1 min 30 s left, 3 files at once'],
    [
      { ...fetching, secondsLeft: null, files: { total: 1, whole: 0, begun: 1 } },
      'Fetching x: 1.2 GB of 5.2 GB (23 %), 45.0 MB/s',
    ],
    [
      { ...fetching, rate: 8_000, secondsLeft: null, files: { total: 1, whole: 0, begun: 1 } },
      'Fetching x: 1.2 GB of 5.2 GB (23 %), slow: 8.0 kB/s',
    ],
    [
      { ...fetching, stalledSeconds: 30, files: { total: 1, whole: 0, begun: 1 } },
      'Fetching x: 1.2 GB of 5.2 GB (23 %), nothing arrived for 30 s',
    ],
    [{ stage: 'verifying', done: 5e8, total: 1e9 }, 'Verifying x: 500 MB of 1.0 GB (50 %)'],
    [{ stage: 'loading', seconds: 12 }, 'Loading the model into memory: 12 s'],
  ])('%#', (progress, words) => {
    expect(progressText(progress, 'x')).toBe(words);
  });

  test('bytes that arrive but are not on the disk yet are no stall', () => {
    const rate = new DownloadRate(100);
    rate.next({ at: 0, bytes: 0, received: 0 });
    rate.next({ at: 100, bytes: 0, received: 10 });
    expect(rate.next({ at: 130, bytes: 0, received: 10 }).stalledSeconds).toBe(30);
  });
});

describe('what would free enough', () => {
  const models = [
    { id: 'a/old', bytes: 4, lastUsedMs: 1 },
    { id: 'a/new', bytes: 5, lastUsedMs: 9 },
    { id: 'a/big', bytes: 20, lastUsedMs: 5 },
  ];
  test.each<[number, readonly string[] | undefined]>([
    [5, ['a/new']],
    [6, ['a/big']],
    [22, ['a/old', 'a/big']],
    [29, ['a/old', 'a/big', 'a/new']],
    [30, undefined],
  ])('%i bytes', (bytes, ids) => {
    expect(wouldFree(bytes, models)?.models).toEqual(ids);
  });

  test('is told as a command', () => {
    const room = { freeBytes: 1e9, models: ['a/b', 'c/d'], modelBytes: 6e9 };
    const failure = { reason: 'disk-full', path: '/hub', doing: 'fetching x/y', neededBytes: 5e9, room } as const;
    expect(failureText(failure)).toEqual({
      what: 'There is too little room at /hub for fetching x/y: 5.0 GB needed, 1.0 GB free.',
      next: 'This would free enough (6.0 GB): cclocal rm a/b c/d',
    });
    expect(failureText({ ...failure, room: { ...room, models: [] } }).next).toMatch(/^Free 4\.0 GB more/);
  });
});

test('what a pull would do, and did', () => {
  const model = { id: 'a/b', revision: 'abcdef0123', bytes: 5e9, files: 7 };
  expect(wouldPullText({ ...model, missingBytes: 5e9 })).toBe(
    'a/b: would fetch 5.0 GB (5.0 GB in 7 files, version abcdef0)',
  );
  expect(wouldPullText({ ...model, missingBytes: 1e9 })).toContain('would fetch 1.0 GB, the rest is here');
  expect(wouldPullText({ ...model, missingBytes: 0 })).toContain('nothing to fetch');
  expect(pulledText({ ...model, fetchedBytes: 0, seconds: 3 })).toBe(
    'a/b is ready: 5.0 GB, version abcdef0 (was here already).',
  );
  expect(newerText('a/b', { revision: '1234567890', missingBytes: 2e9 })).toMatch(
    /1234567, 2\.0 GB to fetch\): cclocal pull a\/b --update$/,
  );
});
