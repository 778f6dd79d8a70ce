import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { enginePython } from '../../test/support/engine-python.ts';
import { makeFakeUv } from '../../test/support/fake-uv.ts';
import { makeRig, type Rig } from '../../test/support/rig.ts';
import { openShell, type Shell } from '../../test/support/shell.ts';
import { untilSo } from '../../test/support/until.ts';
import { expected, nobodyTidies, type Cell, type Ending, type Signal } from './cells.ts';
import { canListen, filesLeft, freePort } from './left.ts';
import { pidOf } from './parts.ts';
import { stageOf, type Stage, type Talking } from './stages.ts';

export interface CellOrder {
  readonly talking: Talking;
  /** What everything has to be gone in, seconds after the signal. */
  readonly goneWithin: number;
}

export interface Outcome {
  readonly cell: Cell;
  /** From the signal (where the session went on: from its own end) until nothing was left, seconds. */
  readonly goneAfter: number;
  /** What is not as it should be. */
  readonly wrong: readonly string[];
}

/** How long a session may take to end or to come back at all, s: so much later than asked for is told as that. */
const patience = 20;

/** One session in a terminal, and what a signal to some of its parts leads to. */
export async function runCell(cell: Cell, { talking, goneWithin }: CellOrder): Promise<Outcome> {
  await using rig = makeRig();
  const temporary = join(rig.home, 'tmp');
  mkdirSync(temporary, { mode: 0o700 });
  const port = await freePort();
  const stage = await stageOf(cell.phase, rig, talking);
  const code = join(rig.home, 'code');
  // It waits before and after: what it says before the keeper has left the agent's screen goes with that.
  const command = `cclocal ${[...stage.args, '--port', String(port)].join(' ')}`;
  const script = `echo begin; read -r go; ${command}; echo $? > ${code}; read -r go`;
  try {
    await using shell = await openShell(rig, { script, env: { ...stage.env, TMPDIR: temporary } });
    return await strike({ cell, rig, shell, stage, port, temporary, code, goneWithin });
  } finally {
    await stage.close();
  }
}

interface Struck {
  readonly cell: Cell;
  readonly rig: Rig;
  readonly shell: Shell;
  readonly stage: Stage;
  readonly port: number;
  readonly temporary: string;
  /** The file that gets the session's exit code. */
  readonly code: string;
  readonly goneWithin: number;
}

async function strike(struck: Struck): Promise<Outcome> {
  const { cell, shell, stage, goneWithin } = struck;
  const settings = shell.settings();
  const wrong: string[] = [];
  try {
    shell.type('\r');
    await stage.reached(shell);
    const engine = pidOf('engine', shell.others());
    send(cell, shell);
    let since = performance.now();
    let ending: Ending = expected(cell);
    if (ending.kind === 'goes-on') {
      await goesOn(struck, engine, ending.newEngine);
      since = performance.now();
      process.kill(pidOf('session', shell.others()), 'SIGTERM');
      ending = { kind: 'ends', code: 143 };
    }
    const goneAfter = await gone({ ...struck, settings }, since);
    if (goneAfter > goneWithin) wrong.push(`gone after ${goneAfter.toFixed(1)} s`);
    const code = existsSync(struck.code) ? Number(readFileSync(struck.code, 'utf8')) : null;
    if (code !== ending.code) wrong.push(`it ended with ${code}, not ${ending.code}:\n${shell.screen()}`);
    if (nobodyTidies(cell)) {
      const left = await afterNextStart(struck);
      if (left.length > 0) wrong.push(`after the next start:\n${left.join('\n')}`);
    }
    return { cell, goneAfter, wrong };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { cell, goneAfter: patience, wrong: [...wrong, `${why}\n${shell.screen()}`] };
  }
}

function send({ victims, signal }: Cell, shell: Shell): void {
  const processes = shell.others();
  for (const victim of victims) {
    if (victim === 'terminal') shell.hangUp();
    else kill(pidOf(victim, processes), signal, `${victim} in:\n${processes.join('\n')}`);
  }
}

function kill(pid: number, signal: Signal, what: string): void {
  if (pid === 0) throw new Error(`there is no ${what}`);
  process.kill(pid, signal);
}

/** Settles when the session works as before, with the engine that is to be expected. */
async function goesOn({ shell, stage }: Struck, engine: number, newEngine: boolean): Promise<void> {
  if (newEngine) {
    await inTime(`the engine ${engine} was not followed by another`, () => {
      const now = pidOf('engine', shell.others());
      return now !== 0 && now !== engine;
    });
    await stage.works(shell);
  } else if (pidOf('engine', shell.others()) !== engine) throw new Error('the engine is another one');
  if (pidOf('session', shell.others()) === 0) throw new Error('the session has ended');
}

/** Seconds until no process, port or file of the session is left. Fails with what is there after a long time. */
async function gone(struck: Struck & { readonly settings: string }, since: number): Promise<number> {
  let left: readonly string[] = [];
  await inTime(
    () => `left: ${left.join('\n')}`,
    async () => {
      for (const look of looks(struck)) {
        left = await look();
        if (left.length > 0) return false;
      }
      return true;
    },
  );
  return (performance.now() - since) / 1000;
}

type Look = () => readonly string[] | Promise<readonly string[]>;

/** What can be left, each dearer to look for than the one before. */
function looks({ rig, shell, port, temporary, code, cell, settings }: Parameters<typeof gone>[0]): readonly Look[] {
  const found = (so: boolean, what: string): readonly string[] => (so ? [what] : []);
  const portTaken: Look = async () => found(!(await canListen(port)), `port ${port}`);
  const files: Look = () => (nobodyTidies(cell) ? [] : filesLeft(rig, temporary));
  if (cell.victims.includes('terminal')) return [rig.processes, files, portTaken];
  return [
    shell.others,
    files,
    () => found(!existsSync(code), 'no exit code'),
    () => found(!shell.plain(), "the agent's screen"),
    () => found(shell.settings() !== settings, 'other settings of the terminal'),
    portTaken,
  ];
}

/** What is left once somebody has used cclocal again. */
async function afterNextStart({ cell, rig, temporary }: Struck): Promise<readonly string[]> {
  if (cell.phase !== 'set-up') {
    await rig.run(['status']);
    return filesLeft(rig, temporary);
  }
  const uv = makeFakeUv(temporary, realpathSync(enginePython()));
  const env = { CCLOCAL_ENGINE: '', PATH: [uv.bin, rig.env['PATH']].join(delimiter) };
  const { stderr } = await rig.run(['setup'], { env });
  rmSync(temporary, { recursive: true });
  mkdirSync(temporary);
  const left = filesLeft(rig, temporary).filter((path) => !path.startsWith('venv/'));
  return existsSync(join(rig.cclocalHome, 'venv')) ? left : [...left, stderr];
}

async function inTime(what: string | (() => string), so: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + patience * 1000;
  await untilSo(async () => {
    if (await so()) return true;
    if (performance.now() < until) return false;
    throw new Error(typeof what === 'string' ? what : what());
  });
}
