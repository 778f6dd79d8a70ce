import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { finished, type Ran, type Rig } from '../../test/support/rig.ts';
import { untilSo } from '../../test/support/until.ts';
import type { Kind, Work } from './kinds.ts';

/** How a session is stopped: a signal to it, or its agent's end. */
export const ways = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL', 'agent'] as const;
export type Way = (typeof ways)[number];

/** One session of several, in a folder of its own. */
export class SharingSession {
  readonly name: string;
  readonly #folder: string;
  readonly #kind: Kind;
  readonly #child: ReturnType<Rig['start']>;
  readonly #ended: Promise<Ran>;
  #stopped: { readonly at: number; readonly way: Way } | null = null;
  #over = false;

  constructor(rig: Rig, kind: Kind, name: string, model: 0 | 1) {
    this.name = `${name} (model ${model + 1})`;
    this.#folder = join(rig.home, name);
    this.#kind = kind;
    mkdirSync(this.#folder);
    this.#child = rig.start(kind.args[model], { env: { ...kind.env }, cwd: this.#folder });
    this.#ended = finished(this.#child);
    void this.#ended.then(() => (this.#over = true));
  }

  get over(): boolean {
    return this.#over;
  }

  get work(): Work {
    return this.#kind.work(this.#folder, '', Date.now());
  }

  /** Settles when its agent has done something, or when the session has ended. */
  async worksOrIsOver(done: number): Promise<void> {
    await untilSo(() => this.#over || this.work.done >= done);
  }

  /** Stops it, whatever it is at; by its agent only where that runs already. */
  stop(way: Way): void {
    if (this.#over) return;
    const agent = way === 'agent' ? this.#agent() : null;
    const taken = agent === null && way === 'agent' ? 'SIGTERM' : way;
    this.#stopped = { at: Date.now(), way: taken };
    if (agent !== null) process.kill(agent, 'SIGTERM');
    else if (taken !== 'agent') this.#child.kill(taken);
  }

  /** What was wrong with it from its start to its end. */
  async verdict(): Promise<{ readonly work: Work; readonly wrong: readonly string[] }> {
    const { code, signal, stdout, stderr } = await this.#ended;
    const work = this.#kind.work(this.#folder, stdout, this.#stopped?.at ?? Date.now());
    const wrong = [...work.wrong];
    const wanted = this.#stopped === null ? 0 : codeFor(this.#stopped.way);
    // In its first milliseconds a program dies of a signal itself, which a shell tells in the same way.
    const got = signal === null ? code : 128 + constants.signals[signal];
    if (got !== wanted) wrong.push(`stopped by ${this.#stopped?.way ?? 'nobody'}, it ended with ${got}:\n${stderr}`);
    return { work, wrong: wrong.map((words) => `${this.name}: ${words}`) };
  }

  /** The agent works in the session's folder; cclocal itself does, too, and is the older one. */
  #agent(): number | null {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== this.#child.pid)) {
      try {
        if (readlinkSync(`/proc/${pid}/cwd`) !== this.#folder) continue;
        if (/\/claude$/.test(readlinkSync(`/proc/${pid}/exe`))) return Number(pid);
        if (argumentsOf(pid).some((one) => one.endsWith('/claude'))) return Number(pid);
      } catch {
        // It ended while we looked.
      }
    }
    return null;
  }
}

const codeFor = (way: Way): number => 128 + constants.signals[way === 'agent' ? 'SIGTERM' : way];

const argumentsOf = (pid: string): readonly string[] => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
