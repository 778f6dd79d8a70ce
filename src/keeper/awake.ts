import type { RequestWatch, Watcher } from '../gateway/watcher.ts';
import { output } from '../os/process-info.ts';
import { startChild, type Started } from '../os/spawn.ts';
import { isLow } from './battery.ts';

/** The Mac's own programs, by their paths. */
export interface AwakeTools {
  readonly caffeinate: string;
  readonly pmset: string;
}

/** Work that comes so soon after other work finds the Mac still kept awake, ms. */
const restMs = 5_000;
/** How often the battery is looked at while there is work, ms. */
const batteryEveryMs = 60_000;

export const awakeTools = (platform: NodeJS.Platform): AwakeTools | null =>
  platform === 'darwin' ? { caffeinate: '/usr/bin/caffeinate', pmset: '/usr/bin/pmset' } : null;

/**
 * Keeps the Mac from falling asleep by itself while a request is worked on or a model is fetched or loaded, unless its
 * battery is low. The display may sleep, a closed lid still does. `caffeinate` waits for this process, so that it ends
 * with it however that ends.
 */
export class Awake {
  readonly #tools: AwakeTools | null;
  readonly #restMs: number;
  #works = 0;
  #program: Promise<Started | null> | null = null;
  #rest: NodeJS.Timeout | null = null;
  #look: NodeJS.Timeout | null = null;

  /** Null = there is nothing to keep awake here. */
  constructor(tools: AwakeTools | null, rest = restMs) {
    this.#tools = tools;
    this.#restMs = rest;
  }

  /** A piece of work begins; returns what ends it, once. */
  begin(): () => void {
    if (this.#tools === null) return () => undefined;
    this.#works += 1;
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#keep();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#works -= 1;
      if (this.#works === 0) this.#rest = setTimeout(() => this.close(), this.#restMs).unref();
    };
  }

  /** The watcher, each of whose requests is a piece of work. */
  over(watcher: Watcher): Watcher {
    if (this.#tools === null) return watcher;
    return {
      ...watcher,
      received: (request): RequestWatch => {
        const watch = watcher.received(request);
        const end = this.begin();
        return {
          ...watch,
          ended: (outcome, detail) => {
            end();
            watch.ended(outcome, detail);
          },
        };
      },
    };
  }

  close(): void {
    if (this.#look !== null) clearInterval(this.#look);
    this.#look = null;
    const program = this.#program;
    this.#program = null;
    void program?.then((started) => started?.kill('SIGTERM'));
  }

  #keep(): void {
    this.#program ??= this.#start();
    this.#look ??= setInterval(() => void this.#lookAtBattery(), batteryEveryMs).unref();
  }

  async #start(): Promise<Started | null> {
    if (this.#tools === null || (await this.#batteryIsLow())) return null;
    try {
      const args = ['-i', '-w', String(process.pid)];
      const started = await startChild(this.#tools.caffeinate, args, {
        env: {},
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'ignore',
      });
      started.unref();
      return started;
    } catch {
      return null;
    }
  }

  async #lookAtBattery(): Promise<void> {
    const started = await this.#program;
    const low = await this.#batteryIsLow();
    if (low) started?.kill('SIGTERM');
    if (low === (started === null)) return;
    this.#program = low || this.#works === 0 ? Promise.resolve(null) : this.#start();
  }

  async #batteryIsLow(): Promise<boolean> {
    return this.#tools !== null && isLow(await output(this.#tools.pmset, ['-g', 'batt']));
  }
}
