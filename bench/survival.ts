/**
 * Sessions of ten tool calls in which the engine is killed once, by SIGKILL: while it loads, while it reads a prompt, while
 * its text streams, while a tool call does, and while it has nothing to do. The real agent, the real engine with a rehearsal
 * model; each call appends its number to a file, which must hold 1 to 10 in the end, each once.
 *
 *   npm run check:survival [-- SESSIONS [SEED]]
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { rehearsalFolder } from '../src/launch/rehearsal.ts';
import { assets } from '../src/os/assets.ts';
import { pathsFor } from '../src/os/paths.ts';
import { enginePython } from '../test/support/engine-python.ts';
import { claudeBin, finished, makeRig } from '../test/support/rig.ts';
import { mulberry } from '../test/support/seeded.ts';
import { phases, survivalEngine, type SurvivalPhase } from '../test/support/survival-engine.ts';
import { table, verdict } from './stats.ts';

const closing = 'All numbers are in the file.';

/** Builds a model that makes so many calls, each with some words before it. */
export function buildCounting(folder: string, calls: number): void {
  const steps = Array.from({ length: calls }, (_, index) => ({
    say: `Now number ${index + 1} goes into the file. ${words(index)}`,
    tool: 'Bash',
    input: { command: `echo ${index + 1} >> numbers.txt; sleep 0.2`, description: `append ${index + 1}` },
  }));
  const script = `${folder}.json`;
  writeFileSync(script, JSON.stringify({ steps, closing }));
  execFileSync(enginePython(), ['-I', '-B', assets.rehearsalProgram, folder, script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Some 30 tokens that no other call has. */
const words = (index: number): string =>
  Array.from({ length: 12 }, (_, at) => `Word ${at + 1} of call ${index + 1} is said here.`).join(' ');

export interface SurvivalOrder {
  readonly claude: string;
  /** The model that `buildCounting` made, and its calls. */
  readonly model: string;
  readonly calls: number;
  readonly phase: SurvivalPhase;
  /** The request (for `idle`: the call) at which the engine is killed, from 1. */
  readonly at: number;
}

export interface Survived {
  readonly phase: SurvivalPhase;
  readonly at: number;
  /** Whether the engine was killed, and its lives in all. */
  readonly killed: boolean;
  readonly lives: number;
  /** Whether the agent had heard words of a reply that was then cut, and how many replies it asked for in one piece. */
  readonly cut: boolean;
  readonly whole: number;
  /** What the calls left. */
  readonly numbers: string;
  readonly last: string;
  readonly code: number | null;
  readonly seconds: number;
  readonly stderr: string;
}

const line = z.looseObject({ type: z.string(), result: z.string().optional() });
const logged = z.looseObject({ outcome: z.string(), stream: z.boolean(), outputTokens: z.int().nullable() });

/** One session whose engine is killed once. */
export async function survive({ claude, model, calls, phase, at }: SurvivalOrder): Promise<Survived> {
  await using rig = makeRig();
  const engine = survivalEngine(rig.home, phase, at);
  const folder = rehearsalFolder(pathsFor({ CCLOCAL_HOME: rig.cclocalHome }, rig.home));
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  cpSync(model, folder, { recursive: true });
  const file = join(rig.project, 'numbers.txt');
  const numbers = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const began = performance.now();
  const child = rig.start(
    [
      ...['--rehearsal', '--trust-tools', '--', '-p', `Append the numbers to ${calls}.`],
      ...['--output-format', 'stream-json', '--verbose'],
    ],
    { env: { ...engine.env, PATH: `${dirname(claude)}:${rig.env['PATH'] ?? ''}` } },
  );
  const running = finished(child);
  let killed = false;
  while (child.exitCode === null && child.signalCode === null && !killed) {
    const seen = engine.events();
    const idle = phase === 'idle' && numbers().split('\n').length > at;
    const victim = idle ? seen.at(-1) : seen.find((one) => one.at === 'held');
    if (victim !== undefined) {
      process.kill(victim.pid, 'SIGKILL');
      killed = true;
    } else await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const ran = await running;
  const said = jsonLines(ran.stdout).map((one) => line.parse(one));
  const log = join(rig.cclocalHome, 'logs', 'requests.jsonl');
  const requests = existsSync(log) ? jsonLines(readFileSync(log, 'utf8')).map((one) => logged.parse(one)) : [];
  return {
    ...{ phase, at, killed },
    lives: engine.events().filter((one) => one.at === 'start').length,
    cut: requests.some(({ outcome, stream }) => outcome === 'failed' && stream),
    whole: requests.filter(({ stream }) => !stream).length,
    numbers: numbers(),
    last: said.at(-1)?.result ?? '',
    code: ran.code,
    seconds: (performance.now() - began) / 1000,
    stderr: ran.stderr,
  };
}

const jsonLines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((one) => one.startsWith('{'))
    .map((one) => JSON.parse(one) as unknown);

/** What is wrong with a session; empty = it went on as if nothing had been. */
export function survivalWrongs(session: Survived, calls: number): readonly string[] {
  const { phase, killed, lives, cut, whole, numbers, last, code, stderr } = session;
  const streaming = phase === 'text' || phase === 'tool-call';
  const wanted = Array.from({ length: calls }, (_, index) => `${index + 1}\n`).join('');
  const checks: [boolean, string][] = [
    [killed, 'the engine was never killed'],
    [cut === streaming, `a reply was ${cut ? '' : 'not '}cut under the agent`],
    [!streaming || whole > 0, 'the agent did not ask for the cut reply in one piece'],
    [lives === 2, `the engine had ${lives} lives, not 2`],
    [numbers === wanted, `the file holds ${JSON.stringify(numbers)}`],
    [last === closing, `its last words: ${last}`],
    [code === 0, `it ended with ${code}: ${stderr.slice(-1_500)}`],
    [/restarted once/.test(stderr), `nothing was said of the restart: ${stderr.slice(-500)}`],
  ];
  return checks.filter(([good]) => !good).map(([, text]) => text);
}

const calls = 10;

async function main(): Promise<number> {
  const sessions = Number(process.argv[2] ?? 100);
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
  const pick = mulberry(seed);
  const folder = mkdtempSync(join(tmpdir(), 'ccl-s-'));
  try {
    const model = join(folder, 'model');
    buildCounting(model, calls);
    const rows = [['phase', 'sessions', 'as if nothing had been', 'seconds each']];
    let good = 0;
    for (const [index, phase] of phases.entries()) {
      const share = Math.floor(sessions / phases.length) + (index < sessions % phases.length ? 1 : 0);
      const all: Survived[] = [];
      for (let made = 0; made < share; made += 1) {
        const at = 1 + Math.floor(pick() * (phase === 'idle' ? calls - 1 : calls));
        const survived = await survive({ claude: claudeBin, model, calls, phase, at });
        all.push(survived);
        for (const wrong of survivalWrongs(survived, calls))
          process.stdout.write(`WRONG (${phase}, request ${at}): ${wrong}\n`);
      }
      const fine = all.filter((one) => survivalWrongs(one, calls).length === 0).length;
      good += fine;
      const mean = all.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, all.length);
      rows.push([phase, `${all.length}`, `${fine}`, mean.toFixed(1)]);
    }
    process.stdout.write(`${table(rows)}\nseed ${seed}\n`);
    const least = Math.ceil(sessions * 0.99);
    return verdict(
      'sessions that went on after their engine was killed',
      `${good} of ${sessions}`,
      `at least ${least}`,
      good >= least,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1]?.endsWith('survival.ts')) process.exitCode = await main();
