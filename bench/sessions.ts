/**
 * All that is promised of a session, one check after the other, and what came of each in one table; two hours or so.
 *
 *   npm run check:sessions [-- NAME ...]     such as: survival egress
 */
import { spawn } from 'node:child_process';
import { table, verdict } from './stats.ts';

const checks = ['survival', 'signals', 'sharing', 'limit', 'overrides', 'egress'] as const;

interface Ran {
  readonly name: string;
  readonly code: number | null;
  /** The figure and its bar. */
  readonly lastLine: string;
  readonly minutes: number;
}

/** Runs one check as a user would; what it prints is seen as it comes. */
function runCheck(name: string): Promise<Ran> {
  const began = performance.now();
  const child = spawn('npm', ['run', '--silent', `check:${name}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    said += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      const lastLine = said.trimEnd().split('\n').at(-1) ?? '';
      resolve({ name, code, lastLine, minutes: (performance.now() - began) / 60_000 });
    });
  });
}

const asked = process.argv.slice(2);
const wrong = asked.find((name) => !checks.some((check) => check === name));
if (wrong !== undefined) throw new Error(`"${wrong}" is none of: ${checks.join(', ')}`);
const ran: Ran[] = [];
for (const name of checks.filter((check) => asked.length === 0 || asked.includes(check))) {
  process.stdout.write(`== check:${name}\n`);
  ran.push(await runCheck(name));
}
process.stdout.write(
  `\n${table([
    ['check', 'minutes', 'ended', 'figure'],
    ...ran.map(({ name, code, lastLine, minutes }) => [name, minutes.toFixed(1), String(code), lastLine]),
  ])}\n`,
);
const met = ran.filter(({ code }) => code === 0).length;
process.exitCode = verdict('promises kept', `${met} of ${ran.length}`, 'all', met === ran.length);
