import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../errors.ts';
import { askKeepers } from '../keeper/ask.ts';
import { logTail } from '../keeper/server-log.ts';
import { ensureDir0700, writePrivate } from '../os/files.ts';
import type { Paths } from '../os/paths.ts';
import { version } from '../os/version.ts';
import { redacted } from '../os/secrets.ts';
import { dumpText } from './dump-text.ts';

export interface DumpOrder {
  readonly paths: Pick<Paths, 'logs' | 'run'>;
  readonly why: string;
  /** What this process is at. */
  readonly doing: string;
  readonly failure?: Failure;
}

/** Dumps that are kept; the oldest go. */
const kept = 10;
const linesEach = 40;

/**
 * Writes what every part is doing into one private file under `logs/`, without secrets, prompts or replies, and returns
 * its path. Keepers are asked; one that does not answer within 3 s is noted as such. Fails with `disk-full` or
 * `home-unusable`.
 */
export async function writeDump({ paths, why, doing, failure }: DumpOrder): Promise<string> {
  const { keepers, silent } = await askKeepers(paths);
  const at = new Date();
  const engineLogs = keepers.map(({ engineLog }) => engineLog);
  const logs = [
    ...(engineLogs.length === 0 ? [join(paths.logs, 'server.log')] : engineLogs),
    ...['keeper.log', 'requests.jsonl'].map((name) => join(paths.logs, name)),
  ];
  const text = dumpText({
    ...{ version, at, why, keepers, silent },
    failure: failure ?? null,
    writer: {
      pid: process.pid,
      doing,
      upSeconds: Math.round(process.uptime()),
      residentBytes: process.memoryUsage.rss(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    logs: logs.map((path) => ({ path, lines: logTail(path, linesEach) })),
  });
  ensureDir0700(paths.logs);
  const stamp = at.toISOString().slice(0, 23).replaceAll(/[-:.]/g, '');
  const path = join(paths.logs, `dump-${stamp}-${process.pid}.txt`);
  writePrivate(path, redacted(text));
  removeOldest(paths.logs);
  return path;
}

function removeOldest(logs: string): void {
  const dumps = readdirSync(logs).filter((name) => /^dump-\w+-\d+\.txt$/.test(name));
  for (const name of dumps.sort().slice(0, -kept)) rmSync(join(logs, name), { force: true });
}
