import type { Server } from 'node:http';
import { basename, join } from 'node:path';
import type { Engine } from '../engines/engine.ts';
import type { Caller } from '../gateway/auth.ts';
import type { EngineState } from '../gateway/engine-link.ts';
import { RefusedRequest } from '../gateway/model.ts';
import { createPipe } from '../gateway/pipe.ts';
import type { GatewayPlan } from '../gateway/plan.ts';
import { createSeen, type GatewayStatus, type Seen } from '../gateway/seen/index.ts';
import { createGateway, type Doorway } from '../gateway/server.ts';
import type { Watcher } from '../gateway/watcher.ts';
import type { KeeperPlan } from '../launch/plan.ts';
import type { LoadedWorkers } from './gateway-workers.ts';
import { EngineMemory, type Peak } from './engine-memory.ts';
import { EngineDoor } from './engine-state.ts';
import { keepPeak } from './keep-peak.ts';
import { prefillSource } from './prefill-source.ts';
import { livePlan } from './live-plan.ts';
import { openPublicPort } from './public-port.ts';
import { StatusLines } from './status-lines.ts';
import { Warmth } from './warmth.ts';

export interface FrontOptions {
  readonly plan: KeeperPlan;
  readonly engine: Engine;
  readonly hostProgram: string;
  /** Whose token this is. */
  readonly who: (token: string) => Caller | null;
  /** The engine's process while it runs. */
  readonly pid: () => number | null;
  /** The keeper's own folder. */
  readonly folder: string;
  /** Folder of the logs, where measurements of memory are kept, and what is remembered for the next start. */
  readonly paths: { readonly logs: string; readonly memory: string; readonly cache: string };
  /** The engine's own log. */
  readonly engineLog: string;
  /** Listens in on what becomes of the gateway's requests. */
  readonly follow?: (watcher: Watcher) => Watcher;
}

/** The ports on which a keeper is asked; `open` = the one without a token. */
export interface Ports {
  readonly port: number;
  readonly openPort: number | null;
}

/** Further ports tried for the one without a token, above the first. */
const openPortsTried = 20;
/** What clients get to hear why they are cut off, ms. */
const lastWordsMs = 250;

/** A keeper's public side: the gateway, or with --direct the plain pipe, and what is to be seen of it. */
export class Front {
  readonly #options: FrontOptions;
  readonly #since = new Date();
  readonly #door = new EngineDoor();
  readonly #seen: Seen | null;
  readonly #lines: StatusLines | null;
  readonly #memory: EngineMemory;
  readonly #warmth: Warmth | null;
  /** Its context is the one that the engine has now. */
  readonly #gatewayPlan: GatewayPlan | null;
  #context: number;
  #snapshot: string | null;
  #servers: Server[] = [];
  #workers: Promise<LoadedWorkers> | null = null;
  #closed = false;

  constructor(options: FrontOptions) {
    const { gateway, weights, engine } = options.plan;
    this.#options = options;
    const contextNow = (): number => this.#context;
    this.#context = options.plan.context;
    this.#gatewayPlan = gateway === null ? null : livePlan(gateway, contextNow);
    this.#snapshot = weights.complete ? weights.snapshotPath : null;
    this.#memory = new EngineMemory({
      tellsPeak: options.engine.tellsPeak,
      pid: options.pid,
      keep: keepPeak({
        plan: options.plan,
        run: basename(options.folder),
        file: options.paths.memory,
        snapshot: () => this.#snapshot,
      }),
    });
    this.#seen =
      this.#gatewayPlan === null
        ? null
        : createSeen({
            plan: this.#gatewayPlan,
            model: engine.serves,
            engine: this.#door,
            prefill: prefillSource(options.engine, options.plan, options.engineLog),
            logs: options.paths.logs,
            memory: this.#memory,
          });
    this.#lines = this.#seen === null ? null : new StatusLines(this.#seen);
    this.#warmth = this.#seen === null ? null : new Warmth({ ...options, seen: this.#seen });
  }

  /** Takes its ports. Fails with `port-taken`. */
  async open(): Promise<Ports> {
    const gateway = this.#gatewayPlan;
    const { port: wanted } = this.#options.plan;
    const port = await this.#listen(gateway, wanted, false);
    if (gateway?.openPort == null) return { port, openPort: null };
    const above = { first: port + 1, last: Math.min(port + openPortsTried, 65_535) };
    try {
      return { port, openPort: await this.#listen(gateway, { ...above, ...gateway.openPort }, true) };
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** From now on the engine has room for so many tokens. */
  contextIs(tokens: number): void {
    this.#context = tokens;
  }

  /** Tokens of prompt that the engine was seen to read a second; null = none yet. */
  perSecond(): number | null {
    return this.#seen?.speed()?.tokensPerSecond ?? null;
  }

  engineIs(state: EngineState, snapshot: string | null = null): void {
    this.#snapshot = snapshot ?? this.#snapshot;
    if (state.phase === 'ready') this.#memory.ready(state.socketPath);
    this.#door.become(state);
    this.#prepare();
    const gateway = this.#gatewayPlan;
    const seen = this.#seen;
    if (state.phase !== 'ready' || gateway === null || seen === null) return;
    void this.#warmth?.ready(async () => (await this.#working(gateway, seen)).warm);
  }

  /** A session that has come; its status line is kept in its folder. `promptKey`: see `Warmth`. */
  add(session: string, folder: string, promptKey: string | null = null): void {
    this.#warmth?.add(session, promptKey);
    this.#lines?.add(session, folder);
    // Beside the engine's start, once the session has its answer.
    setImmediate(() => this.#prepare());
  }

  remove(session: string): void {
    this.#warmth?.left(session);
    this.#lines?.remove(session);
  }

  /** Null with --direct. */
  status(): GatewayStatus | null {
    return this.#seen?.status() ?? null;
  }

  /** The most memory that the engine has taken; null = it is not to be learnt. */
  peak(): Promise<Peak | null> {
    return this.#memory.current();
  }

  /**
   * Tells everybody who waits that it is over, and lets go of its ports. Settles when the engine's memory has been
   * looked at for the last time; null = there is nothing left to look at.
   */
  close(): Promise<void> | null {
    if (this.#closed) return null;
    this.#closed = true;
    const measured = this.#memory.last();
    this.#door.become({ phase: 'ended' });
    void this.#endWork();
    this.#lines?.close();
    for (const server of this.#servers) {
      server.close();
      if (this.#workers === null) server.closeAllConnections();
      else {
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), lastWordsMs).unref();
      }
    }
    return measured;
  }

  async #endWork(): Promise<void> {
    const workers = await this.#workers?.catch(() => null);
    workers?.close();
    this.#seen?.close();
  }

  /** Loads what does the work, once. */
  #working(gateway: GatewayPlan, seen: Seen): Promise<LoadedWorkers> {
    if (this.#closed)
      throw new RefusedRequest({ status: 529, type: 'overloaded_error', message: 'cclocal: it is ending' });
    return (this.#workers ??= this.#load(gateway, seen));
  }

  async #load(gateway: GatewayPlan, { watcher }: Seen): Promise<LoadedWorkers> {
    const { plan, engine, hostProgram, folder, paths, follow = (same: Watcher) => same } = this.#options;
    const { gatewayWorkers } = await import('./gateway-workers.ts');
    return gatewayWorkers({
      ...{ plan, gateway, engine, hostProgram, folder, watcher: follow(watcher) },
      warmth: this.#warmth ?? { asked: () => undefined },
      link: this.#door,
      snapshot: () => this.#snapshot,
      log: join(paths.logs, 'keeper.log'),
    });
  }

  /** The counter takes a second or two to start: the first request should find it there. */
  #prepare(): void {
    const gateway = this.#gatewayPlan;
    if (gateway === null || this.#seen === null || this.#snapshot === null || this.#closed) return;
    // What is wrong with it, the first request is told.
    this.#working(gateway, this.#seen).catch(() => undefined);
  }

  async #listen(gateway: GatewayPlan | null, ports: KeeperPlan['port'], open: boolean): Promise<number> {
    let port = 0;
    const seen = this.#seen;
    const server =
      gateway === null || seen === null
        ? this.#pipe(() => port)
        : this.#gateway(gateway, seen, { port: () => port, open });
    this.#servers.push(server);
    port = await openPublicPort(server, ports);
    return port;
  }

  #pipe(port: () => number): Server {
    const engine = (): string | null => {
      const state = this.#door.state();
      return state.phase === 'ready' ? state.socketPath : null;
    };
    return createPipe({ who: this.#options.who, engine, port });
  }

  #gateway(plan: GatewayPlan, seen: Seen, doorway: Doorway): Server {
    const { serves } = this.#options.plan.engine;
    const { watcher, content, status, metrics } = seen;
    const options = {
      ...{ plan, watcher, content, status, metrics },
      model: { id: serves, label: serves, since: this.#since },
      who: this.#options.who,
      engine: this.#door,
      workers: () => this.#working(plan, seen),
    };
    return createGateway(options, doorway);
  }
}
