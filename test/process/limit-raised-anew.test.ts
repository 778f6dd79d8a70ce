import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { Lifeline } from '../../src/launch/lifeline.ts';
import { limitRaise } from '../../src/launch/raise.ts';
import { realSystem } from '../../src/os/real-system.ts';
import { Screen } from '../../src/report/screen.ts';
import { LimitRig, pidOf } from '../support/limit-rig.ts';
import { untilSo } from '../support/until.ts';

const rig = new LimitRig();
afterEach(() => rig.end());

test('a launch that goes on to the next engine raises the limit for it again, and it goes back at the end', async () => {
  const lifeline = new Lifeline(new EventEmitter());
  const stderr = new PassThrough({ encoding: 'utf8' });
  const system = { ...realSystem(), stderr };
  const raise = limitRaise({
    ...{ system, screen: new Screen(system), lifeline, guard: rig.doors, paths: { limit: rig.home } },
    plan: { memory: { raiseLimit: { fromMiB: rig.mac.limit(), toMiB: 20_480 } } },
  });
  const [first, second] = [rig.process(), rig.process()];
  await raise?.raise({ pid: pidOf(first) });
  expect(rig.mac.limit()).toBe(20_480);
  first.kill('SIGKILL');
  await raise?.raise({ pid: pidOf(second) });
  expect(rig.mac.limit()).toBe(20_480);
  second.kill('SIGKILL');
  await raise?.release();
  await untilSo(() => rig.mac.limit() === 0);
  expect(rig.journal()).toBeNull();
  expect(String(stderr.read()).match(/asks for your password/g)).toHaveLength(2);
});
