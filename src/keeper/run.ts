import { Socket } from 'node:net';
import { CclocalError } from '../errors.ts';
import { dumpOnSignal } from '../dump/on-signal.ts';
import type { Engine } from '../engines/engine.ts';
import { Keeper, type KeeperParts } from './keeper.ts';
import { onLines, send } from './lines.ts';
import { parsed } from './shape.ts';
import { keeperStart, type KeeperUp } from './start-order.ts';

export interface RunParts extends Omit<KeeperParts, 'engine'> {
  readonly findEngine: (id: Engine['id']) => Engine;
}

/** Exit code of a keeper that could not start, and of one whose order was no order. */
const exitFailed = 1;
const exitNoOrder = 2;

/**
 * A keeper from its order on standard input to its end. The starter holds that input open until it has joined: an end
 * before that means that nobody will. Says on standard output, in one line, that it can be joined or
 * why it cannot; what goes wrong later stands on standard error. Returns when it is up; the process then lives for as
 * long as its sockets and its engine.
 */
export async function runKeeper({ findEngine, ...parts }: RunParts): Promise<void> {
  process.umask(0o077);
  const starterGone = new Promise<void>((resolve) => process.stdin.once('end', resolve).once('close', resolve));
  const text = new Promise<string>((resolve) => onLines(process.stdin, resolve));
  const start = parsed(await Promise.race([text, starterGone.then(() => '')]), keeperStart);
  // That it is held open must not keep this process up longer than its sockets and its engine do.
  if (process.stdin instanceof Socket) process.stdin.unref();
  if (start === null) {
    process.stderr.write('keeper: error: no order that it understands on standard input\n');
    process.exitCode = exitNoOrder;
    return;
  }
  const keeper = new Keeper(start, { ...parts, engine: findEngine(start.plan.engine.id) });
  dumpOnSignal(start.paths, () => `keeping the engine of ${start.plan.engine.serves}`);
  // Nothing asynchronous runs any more in this hook, and after an orderly end nothing is left for it to do.
  process.once('exit', () => keeper.abandon());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => keeper.stop());
  try {
    say({ up: await keeper.open() });
    keeper.awaitFirstJoin(start.firstJoinMs, starterGone);
  } catch (error) {
    process.exitCode = exitFailed;
    keeper.abandon();
    if (!(error instanceof CclocalError)) throw error;
    say({ failed: error.failure });
  }
}

function say(up: KeeperUp): void {
  // The session that started it may be gone already.
  process.stdout.on('error', () => undefined);
  send(process.stdout, up);
}
