import { fail } from '../errors.ts';
import { hostEnv } from '../keeper/host-env.ts';
import { failureOf, hostEvent } from '../keeper/host-events.ts';
import { endpointOf, hasToken } from '../keeper/hub-env.ts';
import { number, object, oneOf, parsed } from '../keeper/shape.ts';
import { hubCachePath } from '../models/hub-paths.ts';
import { assets } from '../os/assets.ts';
import { run } from '../os/spawn.ts';
import type { System } from '../os/system.ts';

/** Two small requests; the hub's own time-outs are 10 s each, with a few tries. */
const deadlineMs = 90_000;

/** What hub_config.py says when it has what it came for. */
const described = object({ event: oneOf('described'), weightsBytes: number });

export interface ConfigOrder {
  readonly system: System;
  /** The Python of the engine, which has the hub's own downloader. */
  readonly python: string;
  readonly repo: string;
  readonly signal: AbortSignal;
}

/**
 * Brings the config.json of a model outside the catalog into the hub cache, and with it the commit that `main` stands
 * for: parser, context, what it costs in memory and whether it wants to run code are read from it, before gigabytes are
 * fetched. Returns the bytes of its weights by the hub's list of files, null where that is no size. Fails as the fetch of
 * the model would: `model-unknown`, `model-gated`, `model-refused`, `hub-unreachable`, `disk-full`,
 * `bad-file`.
 */
export async function fetchConfig({ system, python, repo, signal }: ConfigOrder): Promise<number | null> {
  const user = hostEnv(system.env);
  const env = { ...user, HF_HUB_DISABLE_PROGRESS_BARS: '1', HF_HUB_DISABLE_TELEMETRY: '1', DO_NOT_TRACK: '1' };
  const done = await run(python, ['-I', '-B', assets.hubConfigProgram, repo], {
    env,
    deadlineMs,
    signal,
    leashed: true,
  });
  signal.throwIfAborted();
  const line = done.stdout.trimEnd().split('\n').at(-1) ?? '';
  const weighed = parsed(line, described);
  // A size beyond all numbers is none; the fetch will say what is wrong with it.
  if (weighed !== null) return Number.isSafeInteger(weighed.weightsBytes) ? weighed.weightsBytes : null;
  const event = parsed(line, hostEvent);
  const endpoint = endpointOf(user);
  if (event?.event === 'failed') {
    const hubCache = hubCachePath(system.env, system.userHome);
    fail(
      failureOf(event, {
        model: repo,
        hasToken: hasToken(user),
        endpoint,
        hubCache,
        missingBytes: null,
        logPath: null,
      }),
    );
  }
  const problem = done.failed ?? done.stderr.trimEnd().split('\n').at(-1) ?? 'no answer';
  fail({ reason: 'hub-unreachable', endpoint, problem });
}
