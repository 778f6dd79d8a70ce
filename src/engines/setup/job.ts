import { fail } from '../../errors.ts';
import { run, type RunResult } from '../../os/spawn.ts';
import type { System } from '../../os/system.ts';
import { explainSetUp } from './explain.ts';
import type { LockFile } from './lock-file.ts';
import type { SetUpStep } from './progress.ts';

/** One set-up under way. */
export interface Job {
  readonly system: System;
  /** The folder that the venv is made in, and where it will stand. */
  readonly draft: string;
  readonly venv: string;
  readonly lock: LockFile;
  /** The complete environment of the tools. */
  readonly env: Readonly<Record<string, string>>;
  readonly say: (step: SetUpStep) => void;
  readonly signal?: AbortSignal;
}

/** Bytes that the venv takes, with the archives that pip unpacks meanwhile; measured on Linux, a Mac's is smaller. */
export const neededBytes = 500_000_000;

/** The last lines that are worth keeping for a failure. */
const tail = 30;

/** How often a step that has nothing new to say is said again, ms. */
const everyMs = 1_000;

/** Says a step now and once a second until the action is over, as tools can be silent for long. */
export async function saying<T>(job: Job, step: () => SetUpStep, action: () => Promise<T>): Promise<T> {
  job.say(step());
  const timer = setInterval(() => job.say(step()), everyMs);
  try {
    return await action();
  } finally {
    clearInterval(timer);
  }
}

/** Runs a tool of the set-up. An abort throws the signal's reason; how else it ends is the caller's to judge. */
export async function runTool(
  job: Job,
  file: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<RunResult> {
  const done = await run(file, args, {
    env: job.env,
    // Not the user's folder: a Python file there must not be taken for a module, nor a settings file for pip's or uv's.
    cwd: '/',
    leashed: true,
    ...(onLine === undefined ? {} : { onLine }),
    ...(job.signal === undefined ? {} : { signal: job.signal }),
  });
  job.signal?.throwIfAborted();
  return done;
}

/** What a tool printed last, without the empty lines. */
export function lastLines(done: RunResult): readonly string[] {
  const lines = `${done.stdout}\n${done.stderr}`.split('\n').map((line) => line.trimEnd());
  const words = lines.filter((line) => line.trim() !== '').slice(-tail);
  return words.length > 0 || done.failed === undefined ? words : [done.failed];
}

/** Turns a tool's bad end into a failure: `disk-full` or `setup-failed`. */
export function failTool(job: Job, step: string, done: RunResult): never {
  const lines = `${done.stdout}\n${done.stderr}`.split('\n');
  const problem = explainSetUp(done.failed === undefined ? lines : [...lines, done.failed]);
  if (problem.kind === 'disk-full') {
    return fail({ reason: 'disk-full', path: job.venv, doing: 'setting up the engine', neededBytes });
  }
  return fail({ reason: 'setup-failed', step, problem: problem.problem, hint: problem.hint, logTail: lastLines(done) });
}
