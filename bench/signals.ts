/**
 * Every way a session can be killed: each signal to session, keeper and engine in each phase of it, several of them killed
 * at once, and the terminal closed. The exit code is right, the terminal as it was, and no process, port or file is left
 * five seconds later; where the session is to go on, it works again.
 *
 *   npm run check:signals [-- --only TEXT] [--at-once 2] [--stand-ins]
 *
 * With the real agent, the real pip and downloader, and the real engine with a model that talks for some seconds, but for the
 * engine that is deaf; --stand-ins leaves them out, as the small form in `npm test` does.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assets } from '../src/os/assets.ts';
import { enginePython } from '../test/support/engine-python.ts';
import { cells, nameOf, phases, signals, type Cell } from './signals/cells.ts';
import { runCell, type CellOrder, type Outcome } from './signals/run.ts';
import { lastWords } from './signals/stages.ts';
import { table, verdict } from './stats.ts';

/** Runs cells, `atOnce` at a time. */
export async function measureSignals(
  wanted: readonly Cell[],
  order: CellOrder & { readonly atOnce: number; readonly onEach?: (outcome: Outcome) => void },
): Promise<readonly Outcome[]> {
  const queue = [...wanted];
  const outcomes: Outcome[] = [];
  await Promise.all(
    Array.from({ length: order.atOnce }, async () => {
      for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
        const outcome = await runOne(cell, order);
        outcomes.push(outcome);
        order.onEach?.(outcome);
      }
    }),
  );
  return outcomes;
}

async function runOne(cell: Cell, order: CellOrder): Promise<Outcome> {
  try {
    return await runCell(cell, order);
  } catch (error) {
    return { cell, goneAfter: NaN, wrong: [String(error)] };
  }
}

/** Builds a model that answers everything with so many words that it takes some seconds. */
function buildTalking(folder: string): void {
  const script = `${folder}.json`;
  const words = Array.from({ length: 150 }, (_, index) => `Word ${index + 1} is said.`).join(' ');
  writeFileSync(script, JSON.stringify({ steps: [], closing: `${words} ${lastWords}` }));
  execFileSync(enginePython(), ['-I', '-B', assets.rehearsalProgram, folder, script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const goneWithin = 5;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      'at-once': { type: 'string', default: '2' },
      'stand-ins': { type: 'boolean', default: false },
    },
  });
  const wanted = cells.filter((cell) => nameOf(cell).includes(values.only));
  const folder = mkdtempSync(join(tmpdir(), 'ccl-sg-'));
  try {
    const talking = values['stand-ins'] ? null : join(folder, 'model');
    if (talking !== null) buildTalking(talking);
    const onEach = ({ cell, goneAfter, wrong }: Outcome): void => {
      process.stdout.write(`${nameOf(cell)}: ${goneAfter.toFixed(1)} s ${wrong.length === 0 ? '' : 'WRONG'}\n`);
      for (const words of wrong) process.stdout.write(`  ${words.replaceAll('\n', '\n  ')}\n`);
    };
    const atOnce = Number(values['at-once']);
    const outcomes = await measureSignals(wanted, { talking, goneWithin, atOnce, onEach });
    const victims = [...new Set(cells.map((cell) => cell.victims.join('+')))];
    const count = (some: readonly Outcome[]): string =>
      some.length === 0 ? '-' : `${some.filter(({ wrong }) => wrong.length === 0).length}/${some.length}`;
    const of = (phase: string, name: string): string =>
      count(outcomes.filter(({ cell }) => cell.phase === phase && cell.victims.join('+') === name));
    const rows = [['right', ...phases], ...victims.map((name) => [name, ...phases.map((phase) => of(phase, name))])];
    rows.push(
      ...signals.map((signal) => [
        signal,
        ...phases.map((phase) => count(outcomes.filter(({ cell }) => cell.phase === phase && cell.signal === signal))),
      ]),
    );
    process.stdout.write(`${table(rows)}\n`);
    const right = outcomes.filter(({ wrong }) => wrong.length === 0).length;
    const slowest = Math.max(...outcomes.map(({ goneAfter }) => goneAfter));
    process.stdout.write(`the slowest end: ${slowest.toFixed(1)} s\n`);
    const bar = `${outcomes.length} of ${outcomes.length}`;
    return verdict('ends that were right', `${right} of ${outcomes.length}`, bar, right === outcomes.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1]?.endsWith('signals.ts')) process.exitCode = await main();
