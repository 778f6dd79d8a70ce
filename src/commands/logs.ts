import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import { askKeepers } from '../keeper/ask.ts';
import { logTail } from '../keeper/server-log.ts';
import { Interrupted, Lifeline } from '../launch/lifeline.ts';
import { follow } from '../os/follow.ts';
import { requestLineText } from '../report/request-line-text.ts';
import type { Context } from './context.ts';

const parts = ['engine', 'gateway', 'session'] as const;
type Part = (typeof parts)[number];

/**
 * `cclocal logs [engine|gateway|session]`: the last lines of what it wrote down, and with `-f` what comes. `engine` is
 * the newest one that runs, or the last that did; `gateway` one line a request; `session` what the keeper noted of
 * sessions and of its own faults. Ctrl-C ends it.
 */
export async function logsCommand(context: Context): Promise<number> {
  const { typed, screen } = context;
  const part = partOf(typed.args);
  const path = await pathOf(part, context);
  const say = wordsOf(part, typed.options['json'] === true);
  const wanted = Number(typed.options['lines'] ?? 40);
  const size = sizeOf(path);
  const following = typed.options['follow'] === true;
  if (size === null && !following) screen.say(`There is no ${part} log yet: ${path}`);
  const last = logTail(path, wanted);
  if (last.length > 0) screen.result(last.map(say).join('\n'));
  if (!following) return 0;
  const lifeline = new Lifeline(process);
  let rest = '';
  const give = (text: string): void => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) screen.result(lines.map(say).join('\n'));
  };
  try {
    await lifeline.during(follow(path, { from: size ?? 0, signal: lifeline.ended, give }));
  } catch (error) {
    // That is how one leaves it.
    if (!(error instanceof Interrupted) || error.signal !== 'SIGINT') throw error;
  } finally {
    await lifeline.end();
  }
  return 0;
}

function partOf([word = 'engine', ...more]: readonly string[]): Part {
  const part = parts.find((one) => one === word);
  if (part !== undefined && more.length === 0) return part;
  const wrong = part === undefined ? word : more.join(' ');
  return fail({
    reason: 'usage',
    problem: `There is no log of "${wrong}".`,
    hint: `Type: cclocal logs ${parts.join('|')}`,
  });
}

async function pathOf(part: Part, { paths }: Context): Promise<string> {
  if (part === 'gateway') return join(paths.logs, 'requests.jsonl');
  if (part === 'session') return join(paths.logs, 'keeper.log');
  const { keepers } = await askKeepers(paths);
  return keepers.at(-1)?.engineLog ?? join(paths.logs, 'server.log');
}

const wordsOf =
  (part: Part, raw: boolean) =>
  (line: string): string =>
    part === 'gateway' && !raw ? requestLineText(line) : line;

function sizeOf(path: string): number | null {
  try {
    return statSync(path).size;
  } catch {
    return null;
  }
}
