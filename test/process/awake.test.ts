import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { Awake, awakeTools } from '../../src/keeper/awake.ts';
import { isLow } from '../../src/keeper/battery.ts';
import { bundleRig, KeeperRig, testPlan } from '../support/keeper-rig.ts';
import { processesNaming } from '../support/rig.ts';
import { untilNone, untilSo } from '../support/until.ts';

let parent: string;
beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'ccl-awake-'))));
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const onMains = `Now drawing from 'AC Power'\n -InternalBattery-0 (id=23134307)\t8%; charging; 2:03 remaining present: true\n`;
const onBattery = (percent: number): string =>
  `Now drawing from 'Battery Power'\n -InternalBattery-0 (id=23134307)\t${percent}%; discharging; 1:02 remaining present: true\n`;

/** Stand-ins: a caffeinate that notes its arguments and its end, and lives for as long as the process it waits for. */
function tools(battery: string, mac = 'mac') {
  const folder = join(parent, mac);
  mkdirSync(folder);
  const log = join(folder, 'log');
  const program = (name: string, lines: readonly string[]): string => {
    const path = join(folder, name);
    writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(path, 0o755);
    return path;
  };
  writeFileSync(log, '');
  writeFileSync(join(folder, 'battery'), battery);
  return {
    log: (): readonly string[] => readFileSync(log, 'utf8').split('\n').slice(0, -1),
    both: {
      caffeinate: program('caffeinate', [
        `trap 'echo end >>${log}; exit 0' TERM`,
        `echo "$@" >>${log}`,
        'while kill -0 "$3"; do sleep 0.02; done',
      ]),
      pmset: program('pmset', [`[ "$*" = "-g batt" ] && exec cat ${join(folder, 'battery')}`]),
    },
  };
}

test('one caffeinate for all work at a time, that never holds the display, and ends a moment after the last', async () => {
  const { both, log } = tools(onMains);
  const awake = new Awake(both, 30);
  const [first, second] = [awake.begin(), awake.begin()];
  await untilSo(() => log().length === 1);
  expect(log()).toEqual([`-i -w ${process.pid}`]);
  first();
  first();
  const third = awake.begin();
  second();
  third();
  await untilSo(() => log().length === 2);
  expect(log()[1]).toBe('end');
  awake.begin()();
  await untilSo(() => log().length === 4);
});

test('a battery that is nearly empty is not used up', async () => {
  const [low, enough] = [tools(onBattery(19), 'low'), tools(onBattery(20), 'enough')];
  const [one, other] = [new Awake(low.both, 10), new Awake(enough.both, 10)];
  one.begin();
  const end = other.begin();
  // Asked later than the first one.
  await untilSo(() => enough.log().length === 1);
  end();
  await untilSo(() => enough.log().length === 2);
  expect(low.log()).toEqual([]);
  one.close();
});

test('the words of pmset', () => {
  expect([onMains, onBattery(19), onBattery(20), onBattery(100), null, ''].map(isLow)).toEqual([
    ...[false, true, false, false, false, false],
  ]);
});

test('on other systems nothing is started', () => {
  expect(awakeTools('linux')).toBeNull();
  new Awake(null).begin()();
});

let [bundles, dist] = ['', ''];
beforeAll(async () => {
  bundles = mkdtempSync(join(tmpdir(), 'ccd-'));
  dist = await bundleRig(bundles);
});
afterAll(() => rmSync(bundles, { recursive: true, force: true }));

test('a keeper keeps the Mac awake while it loads, and a killed one leaves no caffeinate behind', async () => {
  const rig = new KeeperRig(dist);
  try {
    const { both, log } = tools(onMains);
    const session = rig.session({ plan: testPlan(['load=60000']), doors: { awake: both } });
    const { keeper } = z.object({ keeper: z.object({ pid: z.int() }) }).parse(await session.heard('joined'));
    await untilSo(() => log().length === 1);
    expect(log()).toEqual([`-i -w ${keeper.pid}`]);
    const waits = (): readonly string[] =>
      processesNaming(both.caffeinate).filter((line) => line.includes(` -w ${keeper.pid}`));
    expect(waits()).toHaveLength(1);
    process.kill(keeper.pid, 'SIGKILL');
    await untilNone(waits);
    await session.heard('lost');
  } finally {
    await rig.end();
  }
});
