import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where macOS puts what it knows of a kernel panic once it is up again. */
export const macPanics = '/Library/Logs/DiagnosticReports';

/** The newest report of a kernel panic after that moment (ms since 1970), by path; null = there is none, or no such folder. */
export function panicSince(folder: string, sinceMs: number): string | null {
  let newest: { readonly path: string; readonly at: number } | null = null;
  for (const name of namesIn(folder)) {
    if (!name.endsWith('.panic')) continue;
    const path = join(folder, name);
    const at = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (at > sinceMs && at > (newest?.at ?? 0)) newest = { path, at };
  }
  return newest?.path ?? null;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
