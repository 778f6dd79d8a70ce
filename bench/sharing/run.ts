import { filesLeft } from '../signals/left.ts';
import { makeRig, type Rig } from '../../test/support/rig.ts';
import { untilNone } from '../../test/support/until.ts';
import type { Kind } from './kinds.ts';
import { SharingSession, ways } from './session.ts';

export interface SharingOrder {
  readonly kind: (rig: Rig) => Kind;
  /** Sessions at once. */
  readonly atOnce: number;
  /** How often one is stopped, and another one started in its place. */
  readonly changes: number;
  /** Longest pause between two changes, ms. */
  readonly pauseMs: number;
  /** What everything has to be gone in after the last session's end, ms. */
  readonly goneWithinMs: number;
  readonly random: () => number;
  readonly say?: (line: string) => void;
}

export interface Shared {
  readonly starts: number;
  readonly stops: number;
  /** Replies, or calls carried out, in all. */
  readonly done: number;
  readonly ways: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
}

/** Starts and stops sessions at random on two models, and says what disturbed any of them, or was left at the end. */
export async function share(order: SharingOrder): Promise<Shared> {
  await using rig = makeRig();
  const { random, atOnce, say } = order;
  const kind = order.kind(rig);
  const all: SharingSession[] = [];
  const used = new Map<string, number>();
  const start = (): SharingSession => {
    const session = new SharingSession(rig, kind, `s${all.length + 1}`, random() < 0.5 ? 0 : 1);
    all.push(session);
    return session;
  };
  const stop = (session: SharingSession): void => {
    const way = ways[Math.floor(random() * ways.length)] ?? 'SIGTERM';
    used.set(way, (used.get(way) ?? 0) + 1);
    say?.(`${session.name} is stopped by ${way} after ${session.work.done}`);
    session.stop(way);
  };
  const now = Array.from({ length: atOnce }, start);
  for (let change = 0; change < order.changes; change += 1) {
    const place = Math.floor(random() * atOnce);
    const leaving = now[place];
    if (leaving === undefined) continue;
    // Half of them are stopped while they work, the others wherever they are.
    if (random() < 0.5) await leaving.worksOrIsOver(2);
    stop(leaving);
    now[place] = start();
    await new Promise((resolve) => setTimeout(resolve, random() * order.pauseMs));
  }
  // Whoever is there in the end has not been disturbed by all that.
  await Promise.all(now.map((session) => session.worksOrIsOver(2)));
  for (const session of now) stop(session);
  const verdicts = await Promise.all(all.map((session) => session.verdict()));
  const wrong = verdicts.flatMap((one) => one.wrong);
  await untilNone(rig.processes, order.goneWithinMs).catch((error: unknown) => wrong.push(`left: ${String(error)}`));
  wrong.push(...filesLeft(rig, rig.project).map((path) => `left: ${path}`));
  const tokens = verdicts.flatMap(({ work: { token } }) => token ?? []);
  if (new Set(tokens).size !== tokens.length) wrong.push('two sessions had the same token');
  return {
    starts: all.length,
    stops: all.length,
    done: verdicts.reduce((sum, { work }) => sum + work.done, 0),
    ways: used,
    wrong,
  };
}
