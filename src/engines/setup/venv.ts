import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../errors.ts';
import type { EngineFacts } from '../../launch/facts.ts';
import { ensureDir0700, removeTree } from '../../os/files.ts';
import { withLock } from '../../os/lock.ts';
import { checkVenv, installPackages, venvWorks } from './install.ts';
import { neededBytes, type Job } from './job.ts';
import { lockFileFor } from './lock-file.ts';
import { makeVenv } from './make-venv.ts';
import { lookAt, writeMarker, type VenvState } from './marker.ts';
import { draftOf, moveIntoPlace, removeLeftovers } from './move-venv.ts';
import type { SetUpStep } from './progress.ts';
import { engineState, type EngineQuestion } from './state.ts';
import { toolEnv } from './tool-env.ts';

export { engineState } from './state.ts';
export type { SetUpStep } from './progress.ts';

export interface SetUpOrder extends EngineQuestion {
  /** Hears of each step, at least once a second; what to draw is the caller's. */
  readonly say: (step: SetUpStep) => void;
  /** Ends it: the promise rejects with the signal's reason, and what was begun is thrown away at the next set-up. */
  readonly signal?: AbortSignal;
  /** Makes a new venv although the one there seems fine. */
  readonly again?: boolean;
}

const words: Readonly<Record<Exclude<VenvState['state'], 'ready' | 'missing'>, string>> = {
  unfinished: 'an earlier set-up was not finished',
  'other-lock': 'this release of cclocal has other packages',
  'python-gone': 'its Python is gone',
  'python-changed': 'its Python was replaced and no longer runs the engine',
};

/**
 * Makes cclocal's own venv, where it is not there already or broken, and gives back the state of the engine. Made in a
 * folder beside it that takes its place when all is done, so it can be interrupted anywhere and run again. Two at once:
 * the second one waits and finds it done. Fails with `python-missing`, `setup-failed`, `disk-full`, `home-unusable`,
 * `platform-unsupported`, and, where CCLOCAL_ENGINE names an engine of the user's, `engine-missing`.
 */
export async function setUp(order: SetUpOrder): Promise<EngineFacts> {
  const { system, paths, say, signal } = order;
  const before = await engineState(order);
  if (before.ready && !(order.again === true && before.own)) return before;
  const lock = lockFileFor(system.platform, system.arch, order.locks);
  ensureDir0700(paths.home);
  ensureDir0700(paths.cache);
  const job: Job = {
    system,
    draft: draftOf(paths.venv),
    venv: paths.venv,
    lock,
    env: { ...toolEnv(system.env, system.userHome), HF_HUB_OFFLINE: '1' },
    say,
    ...(signal === undefined ? {} : { signal }),
  };
  const wait = { name: 'Waiting for another cclocal', done: null, total: null, detail: 'it is setting up the engine' };
  let waited = false;
  const onWait = (): void => {
    waited = true;
    say(wait);
  };
  return withLock(join(paths.home, 'setup.lock'), () => once(order, job, waited), {
    onWait,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What the holder of the lock does. */
async function once(order: SetUpOrder, job: Job, waited: boolean): Promise<EngineFacts> {
  if (order.again !== true || waited) {
    const repaired = await asItIs(order, job);
    if (repaired !== null) return repaired;
  }
  await build(job);
  const state = await engineState(order);
  if (state.ready) return state;
  return fail({
    reason: 'setup-failed',
    step: 'trying the engine',
    problem: `${order.engine.id} does not list its flags`,
    hint: `Try it by itself: ${state.python} -m ${order.engine.entry.module} ${order.engine.help.args.join(' ')}`,
    logTail: [],
  });
}

/** The venv that is there, when it can be used; else null, after a word why not. */
async function asItIs(order: SetUpOrder, job: Job): Promise<EngineFacts | null> {
  const seen = lookAt(job.venv, job.lock.hash);
  if (seen.state === 'missing') return null;
  if (seen.state === 'python-changed' && (await venvWorks(job, job.venv))) writeMarker(job.venv, seen.marker);
  const now = seen.state === 'python-changed' ? lookAt(job.venv, job.lock.hash) : seen;
  if (now.state === 'ready') {
    const state = await engineState(order);
    if (state.ready) return state;
  }
  const why = seen.state === 'ready' ? 'its engine no longer starts' : words[seen.state];
  job.say({ name: 'Making the engine anew', done: null, total: null, detail: why });
  return null;
}

async function build(wanted: Job): Promise<void> {
  // What pip unpacks, and does not remove when it is ended.
  const temporary = `${wanted.draft}.tmp`;
  const job = { ...wanted, env: { ...wanted.env, TMPDIR: temporary } };
  removeLeftovers(job.venv);
  const { bavail, bsize } = statfsSync(join(job.venv, '..'));
  if (bavail * bsize < neededBytes) {
    fail({ reason: 'disk-full', path: job.venv, doing: 'setting up the engine', neededBytes });
  }
  ensureDir0700(temporary);
  try {
    const made = await makeVenv(job);
    await installPackages(job, made);
    await checkVenv(job, job.draft);
    writeMarker(job.draft, { lock: job.lock.hash, python: made.python, tool: made.uv === null ? 'pip' : 'uv' });
    moveIntoPlace(job.draft, job.venv);
  } finally {
    removeTree(temporary);
    removeTree(job.draft);
  }
}
