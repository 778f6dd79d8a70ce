import { join } from 'node:path';
import { CclocalError, fail, type Failure } from '../errors.ts';
import { FetchWatch } from '../keeper/fetch-watch.ts';
import { hostEnv, stallSeconds } from '../keeper/host-env.ts';
import { failureOf, hostEvent, type HostEvent } from '../keeper/host-events.ts';
import { endpointOf, hasToken } from '../keeper/hub-env.ts';
import { onLines, send } from '../keeper/lines.ts';
import type { StartProgress } from '../keeper/protocol.ts';
import { parsed } from '../keeper/shape.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { assets } from '../os/assets.ts';
import { within } from '../os/clock.ts';
import type { Paths } from '../os/paths.ts';
import { startChild } from '../os/spawn.ts';
import type { System } from '../os/system.ts';
import type { Lifeline } from './lifeline.ts';

/** How long a fetch that is told to stop may take to clear away what it has half-written, ms. */
const graceMs = { interrupt: 1_000, kill: 3_000 };

export interface FetchOrder {
  readonly system: System;
  readonly paths: Pick<Paths, 'cache' | 'logs'>;
  readonly lifeline: Lifeline;
  readonly python: string;
  readonly repo: string;
  /** A commit; null = what `main` stands for. */
  readonly revision: string | null;
  readonly trustCode: boolean;
  readonly onProgress: (progress: StartProgress) => void;
  /** The engine host, where it is not the shipped one. */
  readonly program?: string;
}

export interface Fetched {
  readonly snapshot: string;
  readonly revision: string;
}

/**
 * Fetches a model with the engine host, as a launch does, but starts no engine. A signal, or the death of this process,
 * ends it and leaves no half-written file. Fails as the download fails: `model-unknown`, `model-gated`, `model-refused`,
 * `model-not-here`, `hub-unreachable`, `download-stalled`, `disk-full`, `bad-file`, `keeper-failed`.
 */
export async function fetchModel(order: FetchOrder): Promise<Fetched> {
  const { system, paths, lifeline, python, program = assets.hostProgram } = order;
  const env = hostEnv(system.env);
  const hubCache = hubCachePath(system.env, system.userHome);
  const log = join(paths.logs, 'fetch.log');
  const host = await startChild(python, ['-I', '-B', program], {
    env,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const stop = async (): Promise<void> => {
    if (host.stdin) send(host.stdin, { control: 'stop' });
    if ((await within(host.exited, graceMs.kill + 2_000)) === null) host.kill('SIGKILL', 'group');
  };
  lifeline.push('download', stop);

  let failure: Failure | null = null;
  let fetched: Fetched | null = null;
  const watch = new FetchWatch({
    weights: { repo: order.repo, bytes: null, hubCache },
    stallSeconds: stallSeconds(system.env),
    onProgress: order.onProgress,
    onStalled: (stalled) => {
      failure ??= { reason: 'download-stalled', id: order.repo, ...stalled };
      if (host.stdin) send(host.stdin, { control: 'stop' });
    },
  });
  let over = false;
  const hear = (event: HostEvent): void => {
    if (over) return;
    if (event.event === 'fetching') watch.fetch(event);
    else if (event.event === 'received' || event.event === 'verifying') watch.hear(event);
    else if (event.event === 'fetched')
      fetched = { snapshot: event.snapshot, revision: event.revision ?? order.revision ?? '' };
    else if (event.event === 'failed') {
      const { missingBytes } = watch;
      const about = { model: order.repo, hasToken: hasToken(env), endpoint: endpointOf(env), hubCache, missingBytes };
      failure ??= failureOf(event, { ...about, logPath: log });
    }
  };
  const said = new Promise<void>((resolve) => {
    if (host.stdout === null) {
      resolve();
      return;
    }
    onLines(host.stdout, (line) => {
      const event = parsed(line, hostEvent);
      if (event !== null) hear(event);
    });
    host.stdout.once('close', () => resolve());
  });
  watch.prepare();
  if (host.stdin) send(host.stdin, hostOrder(order, log));
  try {
    await lifeline.during(Promise.all([host.exited, within(said, 5_000)]));
    return outcome(fetched, failure, order, log);
  } finally {
    over = true;
    watch.stop();
  }
}

function outcome(fetched: Fetched | null, failure: Failure | null, { repo }: FetchOrder, logPath: string): Fetched {
  if (failure !== null) throw new CclocalError(failure);
  return fetched ?? fail({ reason: 'keeper-failed', problem: `the fetch of ${repo} ended without a word`, logPath });
}

/** Its shape is described in engines/host/config.py. */
function hostOrder({ paths, repo, revision, trustCode }: FetchOrder, log: string): object {
  const folder = join(paths.cache, 'fetch');
  return {
    schema: 1,
    mode: 'fetch',
    log,
    tmp: join(folder, 'tmp'),
    cache: folder,
    graceMs,
    weights: { repo, folder: null, revision, snapshot: null, complete: false, trustCode },
  };
}
