import type { Failure } from '../errors.ts';
import type { Paths } from '../os/paths.ts';

/** Where the dumps of one process came to lie. */
export interface Dumps {
  /** Writes one now. Never rejects: a disk that is full must not hide what went wrong before. */
  readonly write: (why: string, failure?: Failure) => Promise<void>;
  /** Paths, oldest first, once those that are being written are there. */
  readonly written: () => Promise<readonly string[]>;
}

/**
 * Writes a dump at each SIGUSR1 for as long as this process lives; `doing` tells what it is at. Without a listener Node
 * would open a debugger's port at that signal.
 */
export function dumpOnSignal(paths: Pick<Paths, 'logs' | 'run'>, doing: () => string): Dumps {
  const written: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  const write = (why: string, failure?: Failure): Promise<void> =>
    (writing = writing.then(async () => {
      try {
        const { writeDump } = await import('./write-dump.ts');
        written.push(await writeDump({ paths, why, doing: doing(), ...(failure && { failure }) }));
      } catch {
        return;
      }
    }));
  process.on('SIGUSR1', () => void write('asked for with SIGUSR1'));
  return { write, written: () => writing.then(() => written) };
}
