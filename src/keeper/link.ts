import type { Socket } from 'node:net';
import { CclocalError, type Failure } from '../errors.ts';
import { pause } from '../os/clock.ts';
import { connectToSocket } from '../os/network.ts';
import { talk } from './lines.ts';
import {
  fromKeeper,
  type EngineRestart,
  type FromKeeper,
  type Join,
  type StartProgress,
  type ToKeeper,
} from './protocol.ts';
import type { KeeperRecord } from './record.ts';

type Joined = Extract<FromKeeper, { type: 'joined' }>;
export type Ready = Extract<FromKeeper, { type: 'ready' }>;

/** What a session hears of its keeper. */
export interface LinkFacts {
  progress: StartProgress;
  ready: Ready;
  /** The engine died and is started again. */
  restarting: EngineRestart;
  /** The engine could not start, or ended for good. */
  failed: Failure;
  /** The keeper ends and allows its engine so many ms: somebody ended it, or this session was the last and leaves. */
  stopping: number;
  /** The connection is gone although this session did not leave. */
  lost: Failure;
}

/** One kind of fact, for those who listen now and those who come later. */
class Told<T> {
  readonly #listeners: ((value: T) => void)[] = [];
  #past: { readonly value: T } | null = null;

  on(listener: (value: T) => void): void {
    this.#listeners.push(listener);
    if (this.#past !== null) listener(this.#past.value);
  }

  tell(value: T): void {
    this.#past = { value };
    for (const listener of this.#listeners) listener(value);
  }
}

/** A session's hold on its keeper. */
export interface Link {
  readonly keeper: KeeperRecord;
  readonly session: string;
  readonly token: string;
  readonly url: string;
  readonly port: number;
  /** A 0700 folder of this session, removed by the keeper at its end. */
  readonly sessionDir: string;
  /** Listens for one kind of fact; the last one that has been told already is told again at once. */
  readonly on: <T extends keyof LinkFacts>(type: T, listener: (value: LinkFacts[T]) => void) => void;
  /** Settles when the engine answers; fails with what the keeper failed with, or `keeper-lost`. */
  readonly ready: () => Promise<Ready>;
  /** What to end if this session dies without a word. */
  readonly agentStarted: (pid: number) => void;
  /**
   * Leaves; settles when the session's folder and token are gone and, if it was the last, engine and keeper too. Tells
   * whether it was the last one, and whether the keeper was gone before that.
   */
  readonly leave: () => Promise<{ readonly last: boolean; readonly lost: boolean }>;
}

export interface JoinOptions {
  /** Answers whether an engine that overstays its grace may be killed; without it, it is. */
  readonly askKill?: (afterMs: number) => Promise<boolean>;
  /** The keeper is ending, and joining or leaving waits until it is gone: at most about so many ms. */
  readonly onStopping?: (graceMs: number) => void;
  /** The keepers' log, for the words about a lost one. */
  readonly logPath?: string;
}

/** Joins a running keeper. `gone` = it is dead, or was ending and has ended meanwhile. */
export async function joinKeeper(record: KeeperRecord, join: Join, options: JoinOptions = {}): Promise<Link | 'gone'> {
  let connected = await connectToSocket(record.socket);
  while (connected === 'busy') {
    await pause(5);
    connected = await connectToSocket(record.socket);
  }
  if (connected === 'gone') return 'gone';
  return new Conversation(connected.socket, record, options).join(join);
}

class Conversation {
  readonly #socket: Socket;
  readonly #record: KeeperRecord;
  readonly #options: JoinOptions;
  readonly #send: (message: ToKeeper) => void;
  readonly #told: { readonly [T in keyof LinkFacts]: Told<LinkFacts[T]> } = {
    progress: new Told(),
    ready: new Told(),
    failed: new Told(),
    stopping: new Told(),
    restarting: new Told(),
    lost: new Told(),
  };
  readonly #closed: Promise<void>;
  #onJoined: ((answer: Joined | 'gone') => void) | null = null;
  #onLeft: (last: boolean) => void = () => undefined;
  #leaving = false;

  constructor(socket: Socket, record: KeeperRecord, options: JoinOptions) {
    this.#socket = socket;
    this.#record = record;
    this.#options = options;
    this.#send = talk(socket, fromKeeper, (message) => this.#hear(message));
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        if (this.#onJoined !== null) this.#onJoined('gone');
        else if (!this.#leaving) {
          this.#told.lost.tell({ reason: 'keeper-lost', logPath: this.#options.logPath ?? null });
        }
      });
    });
  }

  async join(join: Join): Promise<Link | 'gone'> {
    const answer = new Promise<Joined | 'gone'>((resolve) => (this.#onJoined = resolve));
    this.#send({ type: 'join', ...join });
    const joined = await answer;
    if (joined === 'gone') return 'gone';
    return {
      keeper: this.#record,
      session: joined.session,
      token: joined.token,
      url: joined.url,
      port: joined.port,
      sessionDir: joined.sessionDir,
      on: (type, listener) => this.#told[type].on(listener),
      ready: () => this.#ready(),
      agentStarted: (pid) => this.#send({ type: 'agent', pid }),
      leave: () => this.#leave(),
    };
  }

  #hear(message: FromKeeper): void {
    switch (message.type) {
      case 'joined':
        this.#onJoined?.(message);
        this.#onJoined = null;
        return;
      case 'stopping':
        this.#options.onStopping?.(message.graceMs);
        if (this.#onJoined === null) this.#told.stopping.tell(message.graceMs);
        return;
      case 'progress': {
        this.#told.progress.tell(message.progress);
        return;
      }
      case 'ready': {
        this.#told.ready.tell(message);
        return;
      }
      case 'restarting': {
        this.#told.restarting.tell(message.restart);
        return;
      }
      case 'failed': {
        this.#told.failed.tell(message.failure);
        return;
      }
      case 'ask-kill':
        return void this.#answerKill(message.afterMs);
      case 'left': {
        this.#onLeft(message.last);
        return;
      }
      case 'status':
        return;
      default:
        return message satisfies never;
    }
  }

  async #answerKill(afterMs: number): Promise<void> {
    const yes = (await this.#options.askKill?.(afterMs).catch(() => true)) ?? true;
    this.#send({ type: 'kill', yes });
  }

  #ready(): Promise<Ready> {
    return new Promise((resolve, reject) => {
      this.#told.failed.on((failure) => reject(new CclocalError(failure)));
      this.#told.lost.on((failure) => reject(new CclocalError(failure)));
      this.#told.stopping.on(() => reject(new CclocalError({ reason: 'keeper-stopped' })));
      this.#told.ready.on(resolve);
    });
  }

  async #leave(): Promise<{ last: boolean; lost: boolean }> {
    const lost = this.#socket.closed;
    this.#leaving = true;
    const left = new Promise<boolean>((resolve) => (this.#onLeft = resolve));
    this.#send({ type: 'leave' });
    // The last session stays until the keeper closes the connection, which is when everything is gone.
    const last = await Promise.race([left, this.#closed.then(() => true)]);
    if (last) await this.#closed;
    this.#socket.destroy();
    return { last, lost };
  }
}
