import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDir0700, readSmallFile, writePrivate } from '../os/files.ts';
import type { Paths } from '../os/paths.ts';

/** A system prompt with its tools is 15 kB; what is longer is not kept, and not read, bytes. */
const longest = 262_144;
/** Agents, releases, ways to start and models that are remembered; those written longest ago go. */
const most = 24;

/**
 * What agents' prompts begin with (their system text and tools, see `prefixText`), as the last session of the same kind
 * sent it: one private file for each agent, release, set of flags and model. No word of a user is in them.
 */
export class AgentPrompts {
  readonly #folder: string;
  readonly #model: string;

  constructor({ cache }: Pick<Paths, 'cache'>, model: string) {
    this.#folder = join(cache, 'agent-prompts');
    this.#model = model;
  }

  /** Null = none is known. Never throws. */
  read(key: string): string | null {
    return readSmallFile(this.#file(key), longest);
  }

  /** That it cannot be kept costs the next session some seconds, no more. */
  keep(key: string, prefix: string): void {
    if (Buffer.byteLength(prefix) > longest || this.read(key) === prefix) return;
    try {
      ensureDir0700(this.#folder);
      writePrivate(this.#file(key), prefix);
      this.#removeOldest();
    } catch {
      return;
    }
  }

  #file(key: string): string {
    const name = createHash('sha256').update(`${this.#model}\n${key}`).digest('hex').slice(0, 32);
    return join(this.#folder, `${name}.json`);
  }

  #removeOldest(): void {
    const files = readdirSync(this.#folder).map((name) => join(this.#folder, name));
    const byAge = files.map((file) => ({ file, at: statSync(file).mtimeMs })).sort((a, b) => b.at - a.at);
    for (const { file } of byAge.slice(most)) rmSync(file, { force: true });
  }
}
