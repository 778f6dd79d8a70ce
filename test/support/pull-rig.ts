import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { CclocalError, type Failure } from '../../src/errors.ts';
import type { StartProgress } from '../../src/keeper/protocol.ts';
import { fetchModels, type Found, type Pulled } from '../../src/launch/fetch-models.ts';
import { Lifeline } from '../../src/launch/lifeline.ts';
import { pathsFor } from '../../src/os/paths.ts';
import { realSystem } from '../../src/os/real-system.ts';
import { enginePython } from './engine-python.ts';
import type { HubRequest } from './hub.ts';

const host = (name: string): string => fileURLToPath(new URL(`../../src/engines/host/${name}`, import.meta.url));
/** The host's programs as they stand in src. */
export const hostPrograms = { look: host('hub_look.py'), host: host('main.py') };

/** What a pull of a test did. */
export interface PullRun {
  readonly found: readonly Found[];
  readonly progress: readonly StartProgress[];
  readonly pulled: readonly Pulled[];
  /** Null = none. */
  readonly failure: Failure | null;
}

export interface PullWish {
  readonly ids: readonly string[];
  readonly revision?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly update?: boolean;
  readonly dryRun?: boolean;
  readonly trustCode?: boolean;
  readonly python?: string;
  readonly programs?: typeof hostPrograms;
  readonly onProgress?: (progress: StartProgress) => void;
}

/** A home of its own, with a cache in it, to pull into as often as one likes. */
export interface PullRig {
  readonly home: string;
  readonly cache: string;
  /** Folder of a model in the cache. */
  readonly folder: (id: string) => string;
  readonly pull: (wish: PullWish) => Promise<PullRun>;
  /** What Ctrl-C does to the pull that runs. */
  readonly interrupt: () => void;
  readonly remove: () => void;
}

export function pullRig(endpoint: string, home = mkdtempSync(join(tmpdir(), 'ccl-pull-'))): PullRig {
  const cache = join(home, 'hub');
  const signals = new EventEmitter();
  const pull: PullRig['pull'] = async (wish) => {
    const env = { PATH: '/usr/bin:/bin', HOME: home, HF_HUB_CACHE: cache, HF_ENDPOINT: endpoint, ...wish.env };
    const system = { ...realSystem(env), env, userHome: home, stdin: process.stdin as Readable };
    const lifeline = new Lifeline(signals);
    const [found, progress, pulled] = [[] as Found[], [] as StartProgress[], [] as Pulled[]];
    let failure: Failure | null = null;
    try {
      await fetchModels({
        ...{ system, lifeline, paths: pathsFor({}, home), programs: wish.programs ?? hostPrograms },
        python: wish.python ?? enginePython(),
        models: wish.ids.map((id) => ({ id, revision: wish.revision ?? null })),
        ...{ update: wish.update ?? false, dryRun: wish.dryRun ?? false, trustCode: wish.trustCode ?? false },
        onLooked: (one) => found.push(one),
        onProgress: (_, one) => {
          progress.push(one);
          wish.onProgress?.(one);
        },
        onPulled: (one) => pulled.push(one),
      });
    } catch (error) {
      if (!(error instanceof CclocalError)) throw error;
      failure = error.failure;
    } finally {
      await lifeline.end();
    }
    return { found, progress, pulled, failure };
  };
  return {
    home,
    cache,
    folder: (id) => join(cache, `models--${id.replace('/', '--')}`),
    pull,
    interrupt: () => void signals.emit('SIGINT'),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Writes a repository for the stand-in hub. */
export function writeRepo(root: string, files: Readonly<Record<string, string | Buffer>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Names in a folder; none where there is none. */
export const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

export const halfWritten = (folder: string): readonly string[] =>
  namesIn(join(folder, 'blobs')).filter((name) => name.endsWith('.incomplete'));

/** Files that were asked for, by the last part of the address: a large file's is its checksum. */
export const filesAsked = (requests: readonly HubRequest[]): readonly string[] =>
  requests
    .filter(({ method, path }) => method === 'GET' && (path.startsWith('/cdn/') || path.includes('/resolve/')))
    .map(({ path }) => path.split('/').at(-1) ?? '');
