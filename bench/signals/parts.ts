import { readFileSync } from 'node:fs';
import type { Victim } from './cells.ts';

type Part = Exclude<Victim, 'terminal'>;

/** What to look for in command lines as a rig lists them ("PID COMMAND ARGUMENTS"). */
const kinds: Readonly<Record<Part, RegExp>> = {
  session: /^\d+ \S*node \S*\/(bin\/cclocal|cclocal\.js) /,
  keeper: /\/keeper\.js/,
  host: /\/main\.py *$/,
  engine: /\/main\.py (engine|prepare) /,
};

/** The process of a part of a rig's only session; 0 where there is none. */
export function pidOf(part: Part, processes: readonly string[]): number {
  const all = processes.filter((line) => kinds[part].test(line)).map((line) => Number.parseInt(line, 10));
  // A program that starts another one stands there twice for a moment: a fork has its parent's command line.
  return all.find((pid) => !all.includes(parentOf(pid))) ?? 0;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
