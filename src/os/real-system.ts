import { homedir } from 'node:os';
import { isatty } from 'node:tty';
import { fail } from '../errors.ts';
import { errorCode } from './files.ts';
import { probeWith } from './probe.ts';
import type { System } from './system.ts';

/** The machine this program really runs on. The streams are opened on use: touching stdin alone keeps a program alive. */
export function realSystem(env: System['env'] = process.env): System {
  return {
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.version,
    env,
    userHome: homedir(),
    cwd: () => {
      try {
        return process.cwd();
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return fail({ reason: 'cwd-gone' }, { cause: error });
        throw error;
      }
    },
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return whoeverReads(process.stdout);
    },
    get stderr() {
      return whoeverReads(process.stderr);
    },
    tty: {
      stdin: isatty(0),
      stdout: isatty(1),
      stderr: isatty(2),
      get columns() {
        return (isatty(1) ? process.stdout.columns : isatty(2) ? process.stderr.columns : 0) || 80;
      },
    },
    probe: probeWith(env),
  };
}

/** A terminal that was closed, or a pipe without a reader, must not end this program before it has cleaned up. */
function whoeverReads<T extends NodeJS.WriteStream>(stream: T): T {
  if (stream.listenerCount('error') === 0) stream.on('error', () => undefined);
  return stream;
}
