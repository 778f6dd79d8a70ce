import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import { assets } from '../os/assets.ts';
import { ensureDir0700 } from '../os/files.ts';
import { withLock } from '../os/lock.ts';
import type { Paths } from '../os/paths.ts';
import { run } from '../os/spawn.ts';

/** What the rehearsal is asked; the model answers every prompt with the same tool call. */
export const rehearsalPrompt = 'Create the file cclocal-rehearsal.txt.';

/** The file the rehearsal's tool call writes, and what is then in it, read from the script its weights are made of. */
export function rehearsalOutcome(): { readonly file: string; readonly content: string } {
  const script: unknown = JSON.parse(readFileSync(assets.rehearsalScript, 'utf8'));
  const input = (script as { steps: { input: { file_path: string; content: string } }[] }).steps[0]?.input;
  return { file: input?.file_path ?? '', content: input?.content ?? '' };
}

/** Where the rehearsal model lies: a folder named after what it is made of, so that a new script makes a new model. */
export function rehearsalFolder(paths: Paths): string {
  const hash = createHash('sha256');
  for (const source of assets.rehearsalSources) hash.update(readFileSync(source));
  return join(paths.rehearsal, hash.digest('hex').slice(0, 12));
}

export interface BuildOrder {
  readonly paths: Paths;
  /** The engine's Python. */
  readonly python: string;
  readonly folder: string;
  /** The user's PATH. */
  readonly path: string;
  readonly onBuild: () => void;
}

/** Builds the rehearsal model if it is not there: 1-3 s, no network. Fails with `rehearsal-failed` or `disk-full`. */
export async function buildRehearsal({ paths, python, folder, path, onBuild }: BuildOrder): Promise<void> {
  if (existsSync(join(folder, 'config.json'))) return;
  onBuild();
  ensureDir0700(paths.rehearsal);
  await withLock(join(paths.rehearsal, 'lock'), async () => {
    if (existsSync(join(folder, 'config.json'))) return;
    const built = await run(python, ['-I', '-B', assets.rehearsalProgram, folder, assets.rehearsalScript], {
      env: { PATH: path, LANG: 'C.UTF-8' },
      deadlineMs: 120_000,
      leashed: true,
    });
    if (built.code === 0) return;
    const problem = built.failed ?? built.stderr.trim().split('\n').at(-1) ?? 'it left no word why';
    if (/No space left/.test(built.stderr)) {
      fail({ reason: 'disk-full', path: paths.rehearsal, doing: 'building the rehearsal model', neededBytes: 5e6 });
    }
    fail({ reason: 'rehearsal-failed', stage: 'build the model', problem, logPath: null });
  });
}
