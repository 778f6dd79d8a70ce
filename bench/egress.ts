/**
 * Nothing goes out: whole sessions of the real agent under strace, in print mode and in a terminal, with both releases,
 * and of cclocal with its keeper and engine; and behind --airgap a tool call that tries to reach a trap on another address.
 * Needs strace, and a build of dist/.
 *
 *   npm run check:egress
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realClaude } from '../test/support/agent-rig.ts';
import { oldestAgent } from '../test/support/old-agent.ts';
import { cclocalBin, finished, makeRig } from '../test/support/rig.ts';
import { spawn } from 'node:child_process';
import { converse, converseBehindAirgap, startTrap, type AirgapRun, type Run } from './egress/session.ts';
import { egressOf, type Egress } from './egress/trace.ts';
import { table, verdict } from './stats.ts';

const strace = (file: string): readonly string[] => ['-f', '-qq', '-s', '200', '-e', 'trace=%network', '-o', file];

export interface AirgapFigures {
  /** A session with nothing unusual in it: what it tried by itself. */
  readonly quiet: AirgapRun;
  /** One with a tool call that tries to get out, and whether the trap saw it. */
  readonly trying: AirgapRun;
  readonly trapped: number;
  /** The same call without --airgap reaches the trap: what the check would notice. */
  readonly openTrapped: number;
}

/** Behind --airgap; no strace needed: the namespace's counters are the witness. */
export async function measureAirgap(terminal = false, claude = realClaude): Promise<AirgapFigures> {
  await using trap = await startTrap();
  const command = `curl -sS --max-time 3 ${trap.url}`;
  const quiet = await converseBehindAirgap({ claude, terminal });
  const trying = await converseBehindAirgap({ claude, terminal, command });
  const trapped = trap.requests();
  await converse(
    { claude, terminal, command },
    (program) => Promise.resolve(program),
    () => undefined,
  );
  return { quiet, trying, trapped, openTrapped: trap.requests() - trapped };
}

/** The call failed and is on the receipt; without it nothing is. */
export const isTight = ({ quiet, trying, trapped, openTrapped }: AirgapFigures): boolean =>
  quiet.receipt.refused?.total === 0 &&
  quiet.requests === 2 &&
  (trying.receipt.refused?.total ?? 0) >= 1 &&
  trying.requests === 2 &&
  /"is_error":true/.test(trying.result) &&
  trapped === 0 &&
  openTrapped === 1;

async function traced(run: Run): Promise<Egress> {
  let found = '';
  await converse(
    run,
    ({ file, args, env }, rig) =>
      Promise.resolve({ file: '/usr/bin/strace', args: [...strace(join(rig.folder, 'trace')), file, ...args], env }),
    (rig) => (found = readFileSync(join(rig.folder, 'trace'), 'utf8')),
  );
  return egressOf(found);
}

/** Session, keeper, token counter, engine and agent. */
async function tracedWhole(): Promise<Egress> {
  await using rig = makeRig();
  const trace = join(rig.home, 'trace');
  const args = [...strace(trace), process.execPath, cclocalBin, '--rehearsal', '--', '-p', 'Create the file.'];
  const ran = await finished(
    spawn('strace', args, { cwd: rig.project, env: rig.env, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  if (ran.code !== 0) throw new Error(ran.stderr);
  return egressOf(readFileSync(trace, 'utf8'));
}

async function main(): Promise<number> {
  execFileSync('strace', ['--version'], { stdio: 'ignore' });
  const rows: string[][] = [['session', 'connects', 'beyond loopback', 'lookups']];
  const all: Egress[] = [];
  const add = (name: string, egress: Egress): void => {
    all.push(egress);
    rows.push([name, ...[egress.connects, egress.beyond.length, egress.lookups.length].map(String)]);
    for (const what of [...egress.beyond, ...egress.lookups]) process.stderr.write(`${name}: ${what}\n`);
  };
  const gaps: AirgapFigures[] = [];
  const gapRows: string[][] = [['behind --airgap', 'refused, by itself', 'refused, with curl', 'trap', 'trap without']];
  for (const [release, claude] of [['oldest', oldestAgent()] as const, ['newest', realClaude] as const]) {
    for (const terminal of [false, true]) {
      const mode = `${release}, ${terminal ? 'terminal' : 'print'}`;
      add(mode, await traced({ claude, terminal }));
      const gap = await measureAirgap(terminal, claude);
      gaps.push(gap);
      const counts = [
        gap.quiet.receipt.refused?.total,
        gap.trying.receipt.refused?.total,
        gap.trapped,
        gap.openTrapped,
      ];
      gapRows.push([mode, ...counts.map(String)]);
    }
  }
  add('cclocal, all of it', await tracedWhole());
  process.stdout.write(`${table(rows)}\n\n${table(gapRows)}\n`);
  const count = (of: (egress: Egress) => readonly string[]): number =>
    all.reduce((sum, one) => sum + of(one).length, 0);
  const [lookups, beyond] = [count((one) => one.lookups), count((one) => one.beyond)];
  const loose = gaps.filter((gap) => !isTight(gap)).length;
  return verdict(
    `lookups, connects beyond loopback, airgaps that leak or do not tell, of ${gaps.length}`,
    `${lookups}, ${beyond}, ${loose}`,
    '0, 0, 0',
    lookups + beyond + loose === 0 && all.every(({ connects }) => connects > 0),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
