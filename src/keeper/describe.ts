import type { KeeperPlan } from '../launch/plan.ts';
import { within } from '../os/clock.ts';
import { residentBytes } from '../os/process-info.ts';
import type { Peak } from './engine-memory.ts';
import type { KeeperStatus } from './protocol.ts';
import type { KeeperRecord } from './record.ts';
import type { Seat } from './seat.ts';

/** What a keeper is, whatever it does at the moment. */
export interface Identity {
  readonly id: string;
  readonly pid: number;
  readonly since: Date;
  readonly plan: KeeperPlan;
}

/** The record that a keeper leaves for those who may want to join it. */
export function recordOf(
  { id, pid, since, plan }: Identity,
  at: { socket: string; port: number; openPort: number | null },
): KeeperRecord {
  const { repo, revision, snapshotPath, trustCode } = plan.weights;
  return {
    schemaVersion: 1,
    id,
    pid,
    socket: at.socket,
    engine: plan.engine.id,
    python: plan.engine.python,
    serves: plan.engine.serves,
    weights: { repo, revision, snapshotPath, trustCode },
    context: plan.context,
    privacy: plan.privacy,
    port: at.port,
    openPort: at.openPort,
    gateway: plan.gateway === null ? null : { logsRequests: plan.gateway.logRequests },
    startedAt: since.toISOString(),
  };
}

/** What a keeper answers to `status`. */
export function statusOf(
  { id, pid, since, plan }: Identity,
  now: Pick<KeeperStatus, 'phase' | 'engineLog' | 'memoryBytes' | 'gateway'> & {
    readonly record: KeeperRecord | null;
    readonly seats: Iterable<Seat>;
  },
): KeeperStatus {
  const { phase, record, engineLog, memoryBytes, seats, gateway } = now;
  return {
    id,
    pid,
    model: plan.engine.serves,
    engine: plan.engine.id,
    phase,
    url: urlOf(record?.port ?? 0),
    openUrl: record?.openPort == null ? null : urlOf(record.openPort),
    context: record?.context ?? plan.context,
    startedAt: since.toISOString(),
    engineLog,
    memoryBytes,
    gateway,
    sessions: [...seats].map((seat) => ({
      id: seat.id,
      pid: seat.join.pid,
      agent: seat.join.agent,
      cwd: seat.join.cwd,
      since: seat.since,
    })),
  };
}

/** Somebody waits for the answer, and a Mac may take its time. */
const peakWithinMs = 1_500;

/** What keeper and engine take of memory, as far as it is to be learnt; `pid` = the engine's process. */
export async function memoryOf(
  pid: number | null,
  peak: () => Promise<Peak | null>,
): Promise<KeeperStatus['memoryBytes']> {
  const keeper = process.memoryUsage.rss();
  if (pid === null) return { keeper, engine: null, enginePeak: null };
  const [engine, highest] = await Promise.all([residentBytes(pid), within(peak(), peakWithinMs)]);
  return { keeper, engine, enginePeak: highest === null ? null : { bytes: highest.bytes, source: highest.source } };
}

/** Where a keeper is asked. */
export const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
