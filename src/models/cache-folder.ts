import { accessSync, constants, statSync } from 'node:fs';
import { fail } from '../errors.ts';
import { errorCode, quoted } from '../os/files.ts';

/**
 * Makes sure that the hub cache can be looked at. True = it is there, false = there is none yet. Fails with `bad-file`
 * where it is a file or may not be read: to say "no models" then would be a lie.
 */
export function cacheIsThere(hubCache: string): boolean {
  try {
    if (!statSync(hubCache).isDirectory()) refuse(hubCache, 'it is a file, and should be a folder');
    accessSync(hubCache, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return false;
    if (code === 'ENOTDIR') return refuse(hubCache, 'a file stands where a folder of its path should be');
    if (code === 'EACCES' || code === 'EPERM') return refuse(hubCache, 'this user may not read it');
    if (code === 'ELOOP' || code === 'ENAMETOOLONG') return refuse(hubCache, 'its path cannot be followed');
    throw error;
  }
}

/** Fails with `bad-file` for the first folder that this user cannot delete in. */
export function refuseReadOnly(folders: readonly string[]): void {
  const path = folders.find((folder) => !isWritable(folder));
  if (path === undefined) return;
  fail({
    reason: 'bad-file',
    path,
    line: null,
    column: null,
    problem: 'nothing can be deleted there: this user may not write to it, or its disk is read-only',
    hint: 'Delete as the user it belongs to, or make it writable.',
  });
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function refuse(path: string, problem: string): never {
  return fail({
    reason: 'bad-file',
    path,
    line: null,
    column: null,
    problem,
    hint: `Look at it with: ls -ld ${quoted(path)} (HF_HUB_CACHE or HF_HOME names another cache).`,
  });
}
