import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enginePython } from '../../test/support/engine-python.ts';
import type { Layout } from '../../test/support/hub-cache.ts';

const kept = fileURLToPath(new URL('../../node_modules/.cache/cclocal-test/hubs', import.meta.url));

/** The last release of each layout that is not the engine's own, which makes the third. */
export const releases = { links: '0.36.0', trees: '1.27.0' } as const;

/** The Python of the release that makes a layout, installed with pip (needs the network) and kept for the next time. */
export function pythonThatMakes(layout: Exclude<Layout, 'plain'>): string {
  if (layout === 'shared') return enginePython();
  const folder = join(kept, releases[layout]);
  const python = join(folder, 'bin/python');
  if (!existsSync(python)) {
    // A venv cannot be moved, so a half-made one is thrown away.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(kept, { recursive: true });
    const marker = `${folder}.making`;
    rmSync(marker, { recursive: true, force: true });
    execFileSync(enginePython(), ['-m', 'venv', folder], { stdio: 'inherit' });
    const wanted = `huggingface_hub==${releases[layout]}`;
    try {
      execFileSync(python, ['-m', 'pip', 'install', '-q', wanted], { stdio: ['ignore', 'ignore', 'inherit'] });
    } catch (error) {
      renameSync(folder, marker);
      throw error;
    }
  }
  return python;
}
