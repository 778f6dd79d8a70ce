import { join } from 'node:path';
import type { Engine } from '../../engines/engine.ts';
import type { Watcher } from '../../gateway/watcher.ts';
import type { Audience } from '../audience.ts';
import type { Awake } from '../awake.ts';
import type { Front } from '../front.ts';
import type { KeeperRecord } from '../record.ts';
import type { KeeperStart } from '../start-order.ts';
import { Supervisor } from './supervisor.ts';
import { Watchdog, type WatchdogOptions } from './watchdog.ts';
import type { WitnessDoors } from './witness.ts';

/** What stands in for a Mac and its pace in the tests; the shipped command has no way to set it. */
export interface SupervisionDoors extends WitnessDoors {
  readonly times?: NonNullable<WatchdogOptions['times']>;
  readonly firstDelayMs?: number;
}

export interface SupervisionOrder {
  readonly parts: {
    readonly hostProgram: string;
    readonly engine: Engine;
    readonly supervision?: SupervisionDoors;
  };
  readonly start: KeeperStart;
  /** The keeper's own folder, and the engine's log. */
  readonly folder: string;
  readonly log: string;
  readonly front: Front;
  readonly audience: Audience;
  readonly awake: Awake;
  /** What has changed of the keeper's record. */
  readonly note: (change: Partial<KeeperRecord>) => void;
  /** The engine is gone for good: a new session must not find this keeper. */
  readonly unlist: () => void;
}

export interface SupervisedEngine extends Pick<
  Supervisor,
  'start' | 'stop' | 'kill' | 'killNow' | 'ended' | 'pid' | 'phase' | 'plan'
> {
  readonly follow: (watcher: Watcher) => Watcher;
}

/** An engine with everybody who has to hear of it: gateway, sessions, record; and the watchdog that listens to its work. */
export function superviseEngine(order: SupervisionOrder): SupervisedEngine {
  const { parts, start, folder, log, front, audience } = order;
  const { supervision } = parts;
  /** Fetching and loading are work, too. */
  let loaded = order.awake.begin();
  const loads = (): void => {
    loaded();
    loaded = order.awake.begin();
  };
  const engine = new Supervisor({
    hostProgram: parts.hostProgram,
    engine: parts.engine,
    plan: start.plan,
    env: start.env,
    paths: start.paths,
    limit: start.paths.limit,
    folder,
    log,
    hostLog: join(start.paths.logs, 'keeper.log'),
    stallSeconds: start.stallSeconds,
    ...(supervision && { doors: supervision }),
    peakBytes: async () => (await front.peak())?.bytes ?? null,
    onProgress: (progress) => audience.progress(progress),
    onReady: (ready, { weights }) => {
      loaded();
      front.engineIs({ phase: 'ready', socketPath: engine.socket }, ready.snapshotPath);
      audience.ready(ready);
      const { repo, revision, trustCode } = weights;
      const { snapshotPath } = ready;
      order.note({ weights: { repo, revision: ready.revision ?? revision, snapshotPath, trustCode } });
      watchdog.ready();
    },
    onDown: () => {
      loads();
      audience.down();
      front.engineIs({ phase: 'starting' });
    },
    onRestart: (restart, { context }) => {
      front.contextIs(context);
      order.note({ context });
      audience.restarting(restart);
    },
    onUnloaded: () => front.engineIs({ phase: 'unloaded' }),
    onLoading: () => {
      loads();
      front.engineIs({ phase: 'starting' });
    },
    onFailed: (failure) => {
      loaded();
      watchdog.close();
      order.unlist();
      void front.close();
      audience.failed(failure);
    },
  });
  const watchdog = new Watchdog({
    answers: () => engine.answers(),
    perSecond: () => front.perSecond(),
    wanted: () => engine.wanted(),
    silent: () => engine.silent(),
    sign: () => engine.sign(),
    hung: (ms) => engine.hung(ms),
    idle: () => engine.idle(),
    idleMs: start.plan.idleUnloadMs,
    ...(supervision?.times && { times: supervision.times }),
  });
  return Object.assign(engine, { follow: (watcher: Watcher) => watchdog.over(watcher) });
}
