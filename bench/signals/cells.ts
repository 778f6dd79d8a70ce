import { constants } from 'node:os';

export const phases = ['set-up', 'download', 'loading', 'ready', 'streaming', 'deaf'] as const;
export type Phase = (typeof phases)[number];
export const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const;
export type Signal = (typeof signals)[number];
/** `engine` is the fetch while a model is downloaded; `terminal` is closed, which the system tells by SIGHUP. */
export type Victim = 'session' | 'keeper' | 'host' | 'engine' | 'terminal';

/** A signal to some parts of a session at once, in one phase of it. */
export interface Cell {
  readonly phase: Phase;
  readonly victims: readonly Victim[];
  readonly signal: Signal;
}

/** What has to come of it. */
export type Ending =
  /** The session ends with this exit code; null = nobody is left to see it. */
  | { readonly kind: 'ends'; readonly code: number | null }
  /** The session goes on, with another engine process or with the same one. */
  | { readonly kind: 'goes-on'; readonly newEngine: boolean };

const parts: readonly Victim[] = ['session', 'keeper', 'engine'];
/** Those of session, keeper and host together that are not in the first matrix. */
const together: readonly (readonly Victim[])[] = [
  ['host'],
  ['session', 'keeper'],
  ['session', 'host'],
  ['keeper', 'host'],
  ['session', 'keeper', 'host'],
];

/** Before the engine is set up there is nobody but the session. */
const there = (phase: Phase, victims: readonly Victim[]): boolean =>
  phase !== 'set-up' || victims.every((victim) => victim === 'session' || victim === 'terminal');

/** Every signal to each part in each phase, SIGKILL to several parts at once, and the terminal closed. */
export const cells: readonly Cell[] = phases.flatMap((phase) =>
  [
    ...parts.flatMap((victim) => signals.map((signal): Cell => ({ phase, victims: [victim], signal }))),
    ...together.map((victims): Cell => ({ phase, victims, signal: 'SIGKILL' })),
    { phase, victims: ['terminal'], signal: 'SIGHUP' } as const,
  ].filter(({ victims }) => there(phase, victims)),
);

export const nameOf = ({ phase, victims, signal }: Cell): string => `${signal} to ${victims.join(', ')}: ${phase}`;

const goesOn = (newEngine: boolean): Ending => ({ kind: 'goes-on', newEngine });
const ends = (code: number | null): Ending => ({ kind: 'ends', code });

/** Exit codes of cclocal: its keeper was ended, its keeper is gone, its keeper could not fetch the model. */
const [keeperStopped, keeperLost, notFetched] = [96, 92, 91];

/** What each death is to lead to. Pure. */
export function expected({ phase, victims, signal }: Cell): Ending {
  if (victims.includes('terminal')) return ends(null);
  if (victims.includes('session')) {
    // On a terminal Ctrl-C is the agent's once it runs, and reaches it without cclocal.
    const forAgent = signal === 'SIGINT' && (phase === 'ready' || phase === 'streaming' || phase === 'deaf');
    return forAgent ? goesOn(false) : ends(128 + constants.signals[signal]);
  }
  if (victims.includes('keeper')) return ends(signal === 'SIGKILL' ? keeperLost : keeperStopped);
  if (phase === 'download' && victims.includes('engine')) return ends(notFetched);
  const ignored = phase === 'deaf' && victims.includes('engine') && (signal === 'SIGINT' || signal === 'SIGTERM');
  return goesOn(!ignored);
}

/**
 * A part of the cells in which each phase, victim and signal occurs: `least` or more of them, drawn by `random` (0 to 1).
 * Pure but for that.
 */
export function draw(random: () => number, least: number): readonly Cell[] {
  const left = cells.map((cell) => ({ cell, by: random() })).sort((a, b) => a.by - b.by);
  const seen = new Set<string>();
  const drawn: Cell[] = [];
  while (left.length > 0) {
    const news = ({ phase, victims, signal }: Cell): number =>
      [phase, signal, ...victims].filter((name) => !seen.has(name)).length;
    left.sort((a, b) => news(b.cell) - news(a.cell));
    const best = left[0]?.cell;
    if (best === undefined || (drawn.length >= least && news(best) === 0)) break;
    left.shift();
    drawn.push(best);
    for (const name of [best.phase, best.signal, ...best.victims]) seen.add(name);
  }
  return drawn;
}

/** Whether nobody is left who could remove the files; the next start does then. Pure. */
export const nobodyTidies = ({ phase, victims, signal }: Cell): boolean =>
  signal === 'SIGKILL' && victims.includes('session') && (victims.includes('keeper') || phase === 'set-up');
