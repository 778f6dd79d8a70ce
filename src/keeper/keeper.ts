import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Engine } from '../engines/engine.ts';
import { TokenBook } from '../gateway/auth.ts';
import { removeTree, writePrivate } from '../os/files.ts';
import { listenOnSocket } from '../os/network.ts';
import { Audience } from './audience.ts';
import { Awake, awakeTools, type AwakeTools } from './awake.ts';
import { ClientTokens } from './clients.ts';
import { memoryOf, recordOf, statusOf, urlOf, type Identity } from './describe.ts';
import { Ending } from './ending.ts';
import { keeperFiles } from './find.ts';
import { Front } from './front.ts';
import { talk } from './lines.ts';
import { toKeeper, type FromKeeper, type KeeperStatus, type ToKeeper } from './protocol.ts';
import type { KeeperRecord } from './record.ts';
import { Seat } from './seat.ts';
import { newServerLog } from './server-log.ts';
import type { KeeperStart } from './start-order.ts';
import { superviseEngine, type SupervisedEngine, type SupervisionDoors } from './supervise/engine.ts';

/** What a keeper is made of beside its order; tests put other programs in. */
export interface KeeperParts {
  readonly hostProgram: string;
  readonly engine: Engine;
  readonly supervision?: SupervisionDoors;
  readonly awake?: AwakeTools;
}

type Send = (message: FromKeeper) => void;

/** Owns one engine and the public port in front of it, for as long as it has sessions. */
export class Keeper {
  readonly #identity: Identity;
  readonly #folder: string;
  readonly #log: string;
  readonly #book: TokenBook;
  readonly #seats = new Map<string, Seat>();
  readonly #connections = new Map<Socket, Send>();
  readonly #control = createServer((socket) => this.#connected(socket));
  readonly #front: Front;
  readonly #engine: SupervisedEngine;
  readonly #awake: Awake;
  readonly #audience = new Audience(this.#seats);
  readonly #ending: Ending;
  #seatsMade = 0;
  #record: KeeperRecord | null = null;

  constructor(start: KeeperStart, parts: KeeperParts) {
    const id = randomBytes(4).toString('hex');
    this.#identity = { id, pid: process.pid, since: new Date(), plan: start.plan };
    this.#folder = join(start.paths.run, id);
    this.#log = newServerLog(start.paths, id, this.#identity.since);
    const clients = new ClientTokens(start.paths.clients);
    this.#book = new TokenBook(() => clients.current());
    this.#front = new Front({
      plan: start.plan,
      engine: parts.engine,
      hostProgram: parts.hostProgram,
      who: (token) => this.#book.who(token),
      folder: this.#folder,
      pid: () => this.#engine.pid,
      paths: start.paths,
      engineLog: this.#log,
      follow: (watcher) => this.#awake.over(this.#engine.follow(watcher)),
    });
    this.#awake = new Awake(parts.awake ?? awakeTools(process.platform));
    this.#engine = superviseEngine({
      parts,
      start,
      front: this.#front,
      audience: this.#audience,
      awake: this.#awake,
      folder: this.#folder,
      log: this.#log,
      note: (change) => (this.#record === null ? undefined : this.#write({ ...this.#record, ...change })),
      unlist: () => removeTree(join(this.#folder, keeperFiles.record)),
    });
    this.#ending = new Ending({
      engine: this.#engine,
      stop: start.plan.stop,
      seats: this.#seats,
      tellAll: (message) => {
        for (const send of this.#connections.values()) send(message);
      },
      bury: (seat) => this.#bury(seat),
      closePublic: () => this.#front.close(),
      finish: () => this.#finish(),
    });
  }

  /** Takes folder, port and socket, known to its starter alone. Fails with `port-taken`, or for want of disk or rights. */
  async open(): Promise<KeeperRecord> {
    mkdirSync(this.#folder, { mode: 0o700 });
    for (const folder of [keeperFiles.tmp, keeperFiles.cache]) mkdirSync(join(this.#folder, folder), { mode: 0o700 });
    const ports = await this.#front.open();
    const socket = join(this.#folder, keeperFiles.socket);
    await listenOnSocket(this.#control, socket);
    chmodSync(socket, 0o600);
    return this.#write(recordOf(this.#identity, { socket, ...ports }), keeperFiles.draft);
  }

  /** Ends again unless somebody joins, before the time is over and before its starter is gone. */
  awaitFirstJoin(ms: number, starterGone: Promise<void>): void {
    const giveUp = (): void => (this.#seatsMade === 0 ? this.stop() : undefined);
    setTimeout(giveUp, ms).unref();
    void starterGone.then(giveUp);
  }

  /** Ends everything politely; again = at once. */
  stop(): void {
    if (this.#ending.begun) this.#engine.killNow();
    this.#ending.begin(null);
  }

  /** Synchronous and without grace, for the last moment of this process. */
  abandon(): void {
    this.#engine.killNow();
    removeTree(this.#folder);
  }

  #connected(socket: Socket): void {
    let seat: Seat | null = null;
    const send = talk(socket, toKeeper, (message) => {
      switch (message.type) {
        case 'join':
          seat ??= this.#join(message, send);
          return;
        case 'agent':
          return seat?.agentStarted(message.pid);
        case 'leave':
          if (seat !== null) this.#leave(seat);
          seat = null;
          return;
        case 'kill':
          this.#ending.answered(message.yes);
          return;
        case 'status':
          return void this.#status().then((status) => send({ type: 'status', status }));
        case 'stop':
          this.#ending.begin(null);
          return;
        default:
          return message satisfies never;
      }
    });
    this.#connections.set(socket, send);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#ending.gone(send);
      if (seat !== null && this.#seats.has(seat.id)) {
        this.#bury(seat);
        if (this.#seats.size === 0) this.#ending.begin(null);
      }
    });
  }

  #join(join_: Extract<ToKeeper, { type: 'join' }>, send: Send): Seat | null {
    // Not joined any more: the connection closes when this keeper is gone, and the session starts one of its own.
    if (this.#ending.begun || this.#record === null) {
      send({ type: 'stopping', graceMs: this.#identity.plan.stop.killMs });
      return null;
    }
    this.#seatsMade += 1;
    // Its starter has done what comes before the engine; from now on everybody may join.
    if (this.#seatsMade === 1) {
      renameSync(join(this.#folder, keeperFiles.draft), join(this.#folder, keeperFiles.record));
      this.#engine.start();
    }
    const id = `${this.#identity.id}-${this.#seatsMade}`;
    const seat = new Seat(id, join_, join(this.#folder, `s-${this.#seatsMade}`), send);
    this.#seats.set(id, seat);
    this.#front.add(id, seat.folder, join_.promptKey);
    const { port } = this.#record;
    const url = urlOf(port);
    const ready = this.#audience.isReady;
    send({ type: 'joined', session: id, token: this.#book.mint(id), url, port, sessionDir: seat.folder, ready });
    this.#audience.welcome(seat);
    return seat;
  }

  #leave(seat: Seat): void {
    this.#forget(seat);
    seat.close();
    const last = this.#seats.size === 0;
    seat.send({ type: 'left', last });
    if (last) this.#ending.begin(seat);
  }

  #bury(seat: Seat): void {
    this.#forget(seat);
    this.#ending.waitFor(seat.bury());
  }

  #forget(seat: Seat): void {
    this.#seats.delete(seat.id);
    this.#book.revoke(seat.id);
    this.#front.remove(seat.id);
  }

  #write(record: KeeperRecord, file: string = keeperFiles.record): KeeperRecord {
    writePrivate(join(this.#folder, file), `${JSON.stringify(record, null, 2)}\n`);
    this.#record = record;
    return record;
  }

  #finish(): void {
    removeTree(this.#folder);
    this.#control.close();
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  async #status(): Promise<KeeperStatus> {
    const { phase } = this.#engine;
    return statusOf(this.#identity, {
      phase: this.#ending.begun ? 'stopping' : phase,
      record: this.#record,
      engineLog: this.#log,
      memoryBytes: await memoryOf(this.#engine.pid, () => this.#front.peak()),
      seats: this.#seats.values(),
      gateway: this.#front.status(),
    });
  }
}
