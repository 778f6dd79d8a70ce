/**
 * Four sessions at once on two models, stopped at random (by any signal, by SIGKILL, by their agent's end) and followed by
 * others: none of those that go on is disturbed, and in the end nothing is left.
 *
 *   npm run check:sharing [-- --seed N] [--changes 20] [--stand-ins]
 *
 * With the real agent and the real engine with models that append one number after the other to a file; --stand-ins takes
 * a scripted engine and an agent that asks all the time, as the small form in `npm test` does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mulberry } from '../test/support/seeded.ts';
import { callsEach, realParts, standIns } from './sharing/kinds.ts';
import { share } from './sharing/run.ts';
import { table, verdict } from './stats.ts';
import { buildCounting } from './survival.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      changes: { type: 'string', default: '20' },
      'stand-ins': { type: 'boolean', default: false },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'ccl-sh-'));
  try {
    const models = [join(folder, 'one'), join(folder, 'two')] as const;
    if (!values['stand-ins']) for (const model of models) buildCounting(model, callsEach);
    const shared = await share({
      kind: values['stand-ins'] ? standIns : () => realParts(models),
      atOnce: 4,
      changes: Number(values.changes),
      pauseMs: values['stand-ins'] ? 700 : 4_000,
      goneWithinMs: 5_000,
      random: mulberry(Number(values.seed)),
      say: (line) => process.stdout.write(`${line}\n`),
    });
    const { starts, stops, done, ways, wrong } = shared;
    for (const words of wrong) process.stdout.write(`WRONG: ${words}\n`);
    const rows = [
      ['starts', `${starts}`],
      ['stops', `${stops}`],
      ...[...ways].map(([way, times]) => [`  by ${way}`, `${times}`]),
      [values['stand-ins'] ? 'replies' : 'calls carried out', `${done}`],
    ];
    process.stdout.write(`${table(rows)}\nseed ${values.seed}\n`);
    return verdict('sessions disturbed, or things left', `${wrong.length}`, '0', wrong.length === 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1]?.endsWith('sharing.ts')) process.exitCode = await main();
