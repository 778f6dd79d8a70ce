import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail, type Failure } from '../errors.ts';

// Synchronous on purpose: the files are small, the launcher has nothing else to do meanwhile, and what runs when the
// program exits cannot wait for anything.

/** The system's word for what went wrong (ENOENT, ENOSPC, …), or ''. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Why nothing can be put into a folder, which is made where it is missing; null = it can. */
export function notWritable(path: string): string | null {
  try {
    makeFolders(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory() ? null : 'a file stands in its place';
  } catch (error) {
    const why: Readonly<Record<string, string>> = {
      ...{ EACCES: 'it is not writable', EPERM: 'it is not writable', EROFS: 'it lies on a read-only disk' },
      ...{ EEXIST: 'a file stands in its place', ENOTDIR: 'a file stands in its path' },
    };
    return why[errorCode(error)] ?? errorCode(error);
  }
}

/** By hand: Node's recursive mkdir never comes back from a file system that takes no folders, such as /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  mkdirSync(path);
}

/** Bytes free for this user on the disk of a folder, or of the nearest one above it that exists; null = not told. */
export function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch (error) {
    const above = dirname(path);
    return errorCode(error) === 'ENOENT' && above !== path ? freeBytes(above) : null;
  }
}

/** A path as it can be typed in a shell. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Makes sure of a folder that is ours alone: creates it (and its parents) 0700, or checks the one that is there. Fails
 * with `home-unusable` when it is no folder, somebody else's (or a link somebody else planted), open to others, or not
 * writable.
 */
export function ensureDir0700(path: string): void {
  const refuse = (problem: string, hint: string): never => fail({ reason: 'home-unusable', path, problem, hint });
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const uid = process.getuid?.();
    const link = lstatSync(path);
    const folder = link.isSymbolicLink() ? statSync(path) : link;
    if (!folder.isDirectory()) refuse('it is not a folder', `Remove it: rm ${quoted(path)}`);
    if (link.uid !== uid || folder.uid !== uid) {
      refuse('it belongs to another user', 'Set CCLOCAL_HOME to a folder of your own.');
    }
    if ((folder.mode & 0o077) !== 0) refuse('others can look into it', `Type: chmod 700 ${quoted(path)}`);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throwAs(error, path);
  }
}

/**
 * Writes a file that only its owner can read (0600), whole or not at all: a temporary name beside it, fsync, rename.
 * Fails with `disk-full` or `home-unusable`.
 */
export function writePrivate(path: string, content: string): void {
  const temporary = `${path}.${process.pid}-${process.hrtime.bigint()}.tmp`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      const bytes = Buffer.from(content);
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throwAs(error, path);
  }
}

/** The text of a file, or null when there is none. Other errors are thrown as they are. */
export function readTextIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    throw error;
  }
}

/**
 * The text of a small file that is only worth having when all is well with it: null when there is none, it is no file, is
 * longer than so many bytes, or cannot be read. Never throws.
 */
export function readSmallFile(path: string, mostBytes: number): string | null {
  try {
    // Looked at first: opening a pipe would wait for somebody to write.
    const entry = lstatSync(path);
    return entry.isFile() && entry.size <= mostBytes ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}

/** Removes a file or folder with all that is in it; a link is removed, not what it points to. Nothing there is fine. */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
}

function throwAs(error: unknown, path: string): never {
  const failure = fileFailure(errorCode(error), path);
  if (failure === null) throw error;
  return fail(failure, { cause: error });
}

/** The failure behind the system's word for a file of ours that could not be written, or null when it is none of these. */
export function fileFailure(code: string, path: string): Failure | null {
  const unusable = (problem: string, hint: string): Failure => ({ reason: 'home-unusable', path, problem, hint });
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return { reason: 'disk-full', path: dirname(path), doing: `writing ${path}`, neededBytes: null };
    case 'EACCES':
    case 'EPERM':
      return unusable('it is not writable', 'Set CCLOCAL_HOME to a folder of your own.');
    case 'EROFS':
      return unusable('it lies on a read-only disk', 'Set CCLOCAL_HOME to a folder on another disk.');
    case 'ENOENT':
      return unusable('a link in its path leads nowhere', 'Set CCLOCAL_HOME to another folder.');
    case 'EEXIST':
    case 'ENOTDIR':
      return unusable('a file stands where a folder is needed', 'Remove it, or set CCLOCAL_HOME to another folder.');
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return unusable('the path cannot be followed', 'Set CCLOCAL_HOME to another folder.');
    default:
      return null;
  }
}
