import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../errors.ts';
import { untilReady } from '../launch/ready.ts';
import { monotonicMs, within } from '../os/clock.ts';
import { deliver } from '../os/deliver.ts';
import { statusOverSocket } from '../os/http-status.ts';
import { SpawnError, type Exit, type Started } from '../os/spawn.ts';
import { FetchWatch } from './fetch-watch.ts';
import { keeperFiles } from './find.ts';
import { failureOf, hostEvent, type HostEvent } from './host-events.ts';
import { keepLimit, startHost, type HostOrder } from './host-start.ts';
import { endpointOf, hasToken } from './hub-env.ts';
import { onLines, send } from './lines.ts';
import type { FromKeeper, StartProgress } from './protocol.ts';
import { logTail } from './server-log.ts';
import { parsed } from './shape.ts';

/** Seconds a model may take to load. Tens of GB from a slow disk take minutes; this is for an engine that hangs. */
const loadWithinSeconds = 600;
/** An engine that is busy compiling answers late; one question must not wait for ever. */
const answerWithinMs = 2_000;

export interface EngineOrder extends HostOrder {
  readonly stallSeconds: number;
  readonly onProgress: (progress: StartProgress) => void;
  readonly onReady: (ready: Extract<FromKeeper, { type: 'ready' }>) => void;
  /** Told once at most, and not for an end that was asked for. */
  readonly onFailed: (failure: Failure) => void;
}

/** The engine host and, in it, the engine: from its start, over the download, to its end. */
export class EngineProcess {
  readonly socket: string;
  /** Settles when host and engine are gone. */
  readonly ended: Promise<void>;
  readonly #order: EngineOrder;
  /** Null = never started. */
  #startedAt: number | null = null;
  readonly #over = new AbortController();
  readonly #watch: FetchWatch;
  #settle: () => void = () => undefined;
  #host: Started | null = null;
  #phase: 'fetching' | 'loading' | 'ready' | 'ended';
  /** The engine's process and group, while it runs. */
  #pid: number | null = null;
  #exit: { code: number | null; signal: string | null } | null = null;
  #fetchedAt = 0;
  #snapshot: { path: string; revision: string | null };
  #quiet = false;
  /** Where this engine's words begin in the log. */
  #logFrom = 0;

  constructor(order: EngineOrder) {
    const { weights } = order.plan;
    this.#order = order;
    this.#phase = weights.complete ? 'loading' : 'fetching';
    this.#snapshot = { path: weights.snapshotPath ?? '', revision: weights.revision };
    const { stallSeconds, onProgress } = order;
    this.#watch = new FetchWatch({
      weights,
      stallSeconds,
      onProgress,
      onStalled: (stalled) => {
        this.#fail({ reason: 'download-stalled', id: weights.repo ?? order.plan.engine.serves, ...stalled });
        this.kill();
      },
    });
    this.socket = join(order.folder, keeperFiles.engineSocket);
    this.ended = new Promise((resolve) => (this.#settle = resolve));
  }

  get phase(): 'fetching' | 'loading' | 'ready' | 'ended' {
    return this.#phase;
  }

  get pid(): number | null {
    return this.#pid;
  }

  /** Starts the host. What becomes of it is told by the callbacks; this never rejects. */
  async start(): Promise<void> {
    this.#startedAt = this.#fetchedAt = monotonicMs();
    // Both may be left of an engine before this one.
    rmSync(this.socket, { force: true });
    this.#logFrom = statSync(this.#order.log, { throwIfNoEntry: false })?.size ?? 0;
    try {
      const host = (this.#host = await startHost(this.#order));
      if (this.#quiet) host.kill('SIGTERM');
      const { stdout } = host;
      const said = new Promise<void>((resolve) => {
        if (stdout === null) {
          resolve();
          return;
        }
        onLines(stdout, (line) => {
          const event = parsed(line, hostEvent);
          if (event !== null) this.#hear(event);
        });
        stdout.once('close', () => resolve());
      });
      // Its last words first; but whoever else holds its end of the pipe must not hold this up.
      void host.exited.then(async (exit) => {
        await within(said, 500);
        this.#end(exit);
      });
      if (this.#phase === 'fetching' && !this.#quiet) this.#watch.prepare();
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      this.#fail({ reason: 'keeper-failed', problem: error.message, logPath: this.#order.hostLog });
      this.#end({ code: null, signal: null });
    }
  }

  /** Ends the engine by the ladder of the plan; `killMs` null = without the SIGKILL at its end. */
  stop(killMs?: null): void {
    if (this.#phase === 'ended') return;
    this.#quiet = true;
    this.#over.abort();
    this.#watch.stop();
    this.#control(killMs === null ? { control: 'stop', killMs: null } : { control: 'stop' });
    if (this.#startedAt === null) this.#settle();
  }

  /** Ends it at once. */
  kill(): void {
    this.#quiet = true;
    this.#over.abort();
    this.#control({ control: 'kill' });
  }

  /** Ends everything without another word and without waiting, for when this process itself is about to be gone. */
  killNow(): void {
    if (this.#phase === 'ended') return;
    this.#killEngine();
    this.#host?.kill('SIGKILL', 'group');
  }

  /** The engine leads a group of its own, but for the moment before it has made one. */
  #killEngine(): void {
    if (this.#pid !== null && !deliver(-this.#pid, 'SIGKILL')) deliver(this.#pid, 'SIGKILL');
  }

  #control(line: object): void {
    if (this.#host?.stdin) send(this.#host.stdin, line);
  }

  #hear(event: HostEvent): void {
    switch (event.event) {
      case 'fetching':
        if (!this.#quiet) this.#watch.fetch(event);
        return;
      case 'received':
      case 'verifying':
        if (!this.#quiet) this.#watch.hear(event);
        return;
      case 'fetched':
        this.#watch.stop();
        this.#snapshot = { path: event.snapshot, revision: event.revision };
        this.#fetchedAt = monotonicMs();
        this.#phase = 'loading';
        return;
      case 'engine':
        this.#pid = event.pid;
        void keepLimit(this.#order.limit, event.pid);
        return void this.#awaitReady();
      case 'exited':
        // The host has seen its end and that of its group; the number may be somebody else's from now on.
        this.#pid = null;
        this.#exit = event;
        return;
      case 'failed': {
        const { plan, env, hostLog } = this.#order;
        this.#fail(
          failureOf(event, {
            model: plan.weights.repo ?? plan.engine.serves,
            hasToken: hasToken(env),
            endpoint: endpointOf(env),
            hubCache: plan.weights.hubCache,
            missingBytes: this.#watch.missingBytes,
            logPath: hostLog,
          }),
        );
        return;
      }
      default:
        return event satisfies never;
    }
  }

  async #awaitReady(): Promise<void> {
    const { engine, log, onProgress, onReady } = this.#order;
    const outcome = await untilReady({
      answers: async () => {
        if (!existsSync(this.socket)) return false;
        const status = await statusOverSocket(this.socket, engine.ready.path, answerWithinMs);
        return status !== null && engine.ready.accepts(status);
      },
      ended: this.#over.signal,
      onWait: (seconds) => onProgress({ stage: 'loading', seconds }),
      limitSeconds: loadWithinSeconds,
    });
    if (outcome === 'overdue') {
      this.#fail({
        reason: 'engine-not-ready',
        waitedMs: loadWithinSeconds * 1000,
        logTail: logTail(log, 20, this.#logFrom),
        logPath: log,
      });
      this.kill();
    }
    if (outcome !== 'ready' || this.#over.signal.aborted) return;
    this.#phase = 'ready';
    const fetchSeconds = (this.#fetchedAt - (this.#startedAt ?? 0)) / 1000;
    const loadSeconds = (monotonicMs() - this.#fetchedAt) / 1000;
    const { path, revision } = this.#snapshot;
    onReady({ type: 'ready', fetchSeconds, loadSeconds, snapshotPath: path, revision });
  }

  #fail(failure: Failure): void {
    if (this.#quiet) return;
    this.#quiet = true;
    this.#over.abort();
    this.#watch.stop();
    this.#order.onFailed(failure);
  }

  /** Host and pipes are gone. An engine that the host did not see end is ended with its group. */
  #end(host: Exit): void {
    this.#killEngine();
    this.#phase = 'ended';
    const { engine, log } = this.#order;
    const { code, signal } = this.#exit ?? host;
    const exit = { code, signal, logTail: logTail(log, 20, this.#logFrom) };
    this.#fail({ reason: 'engine-exited', cause: engine.explain(exit), ...exit, logPath: log });
    this.#settle();
  }
}
