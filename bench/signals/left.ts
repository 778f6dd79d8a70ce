import { readdirSync, type Dirent } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Rig } from '../../test/support/rig.ts';

/** What a session may leave in cclocal's home: what it says of itself, what the next one reads, what is no file of its own. */
const kept: readonly RegExp[] = [
  /^(logs|cache|agents|rehearsal)\//,
  // The last holders of a lock leave their sockets, of which the next ones keep eight.
  /(^|\/)(start|[\w.]*lock)\/(lock\.\d+|\w+\.s)$/,
  /^(memory|speeds|settings|agents|last-launch)[\w-]*\.json$/,
];

/** What Claude Code makes for itself and leaves, whoever starts it. */
const agentsOwn = /^(claude-\d+|cc-socks)$/;

/** Files and folders in cclocal's home and in the temporary folder that nobody needs once every session has ended. */
export function filesLeft(rig: Rig, temporary: string): readonly string[] {
  const home = filesIn(rig.cclocalHome).filter((path) => !kept.some((pattern) => pattern.test(path)));
  const others = readdirSync(temporary).filter((name) => !agentsOwn.test(name));
  return [...home, ...others.map((name) => `in TMPDIR: ${name}`)];
}

function filesIn(folder: string, from = ''): readonly string[] {
  const entries: Dirent[] = readdirSync(join(folder, from), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(from, entry.name);
    if (!entry.isDirectory()) return [path];
    // An empty folder is one that is there for the next time, but for a keeper's.
    return /^run\/[0-9a-f]{8}$/.test(path) ? [path] : filesIn(folder, path);
  });
}

/** A port that nobody has now; it is given back before it is used, because the keeper must be able to take it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

export async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
