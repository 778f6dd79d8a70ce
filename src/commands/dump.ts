import { writeDump } from '../dump/write-dump.ts';
import type { Context } from './context.ts';

/** `cclocal dump`: writes down what every running part is doing, and says where. */
export async function dumpCommand({ paths, screen, typed }: Context): Promise<number> {
  const path = await writeDump({ paths, why: 'asked for with cclocal dump', doing: 'writing this' });
  if (typed.options['json'] === true) screen.json({ schemaVersion: 1, path });
  else screen.result(path);
  return 0;
}
