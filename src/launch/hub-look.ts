import { fail } from '../errors.ts';
import { hostEnv } from '../keeper/host-env.ts';
import { failureOf, hostEvent } from '../keeper/host-events.ts';
import { endpointOf, hasToken } from '../keeper/hub-env.ts';
import { type Checked, flag, number, object, oneOf, orNull, parsed, text, whole } from '../keeper/shape.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { assets } from '../os/assets.ts';
import { run } from '../os/spawn.ts';
import type { System } from '../os/system.ts';

/** A few small requests a model; a hub that is asked too often may say to wait (engines/host/patience.py). */
const deadlineMs = 150_000;

const looked = object({
  event: oneOf('looked'),
  repo: text,
  revision: text,
  /** Bytes of all files that an engine needs, and of those that are not here; how many files. */
  bytes: number,
  missingBytes: number,
  files: whole,
  /** Every file has its name in the snapshot. */
  whole: flag,
  /** What `main` stands for now, where that is another commit, and what of it is not here. */
  main: orNull(object({ revision: text, missingBytes: number })),
});
/** What a fetch of a model would bring (engines/host/hub_look.py). */
export type Looked = Checked<typeof looked>;

export interface LookWish {
  readonly repo: string;
  /** The commit wanted; null = what `main` stands for. */
  readonly revision: string | null;
}

export interface LookOrder {
  readonly system: System;
  /** The Python of the engine, which has the hub's own client. */
  readonly python: string;
  readonly models: readonly LookWish[];
  readonly trustCode: boolean;
  readonly signal: AbortSignal;
  /** The program asked, where it is not the shipped one. */
  readonly program?: string;
}

/**
 * Asks the hub what fetching these models would bring; nothing is written into the cache. An entry for each, in order.
 * Fails as the fetch of the first bad one would.
 */
export async function hubLook(order: LookOrder): Promise<readonly Looked[]> {
  const { system, python, models, trustCode, signal, program = assets.hubLookProgram } = order;
  const user = hostEnv(system.env);
  const env = { ...user, HF_HUB_DISABLE_PROGRESS_BARS: '1', HF_HUB_DISABLE_TELEMETRY: '1', DO_NOT_TRACK: '1' };
  const asked = JSON.stringify(models.map(({ repo, revision }) => ({ repo, revision, trustCode })));
  const done = await run(python, ['-I', '-B', program, asked], { env, deadlineMs, signal, leashed: true });
  signal.throwIfAborted();
  const lines = done.stdout.split('\n');
  const found: Looked[] = [];
  for (const line of lines) {
    const seen = parsed(line, looked);
    if (seen !== null) found.push(seen);
    const event = parsed(line, hostEvent);
    if (event?.event === 'failed') {
      const hubCache = hubCachePath(system.env, system.userHome);
      const model = models[found.length]?.repo ?? '';
      const about = { model, hasToken: hasToken(user), endpoint: endpointOf(user), hubCache };
      fail(failureOf(event, { ...about, missingBytes: null, logPath: null }));
    }
  }
  if (found.length === models.length) return found;
  const problem = done.failed ?? done.stderr.trimEnd().split('\n').at(-1) ?? 'no answer';
  return fail({ reason: 'hub-unreachable', endpoint: endpointOf(user), problem });
}
