import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { enginePython } from '../../test/support/engine-python.ts';

const run = promisify(execFile);
const env = (cache: string): Record<string, string> => ({
  HOME: dirname(cache),
  HF_HUB_CACHE: cache,
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  PATH: '/usr/bin:/bin',
});

/** The program itself, of the engine's venv: what `hf cache ls` is measured and believed by. */
export const hfCommand = { file: join(dirname(enginePython()), 'hf'), args: ['cache', 'ls', '--format', 'json'], env };

const listed = z.array(z.object({ repo_id: z.string(), repo_type: z.string(), size: z.string() }));

/** What `hf cache ls --format json` says of the models: id to size, which it rounds as in "42.2K". */
export function hfSizes(cache: string): Readonly<Record<string, string>> {
  const text = execFileSync(hfCommand.file, hfCommand.args, { env: env(cache), encoding: 'utf8', stdio: 'pipe' });
  const json = text.slice(text.indexOf('['), text.lastIndexOf(']') + 1);
  const models = listed.parse(JSON.parse(json === '' ? '[]' : json)).filter(({ repo_type: type }) => type === 'model');
  return Object.fromEntries(models.map(({ repo_id: id, size }) => [id, size]));
}

const scanned = z.object({ total: z.number(), repos: z.record(z.string(), z.number()) });
/** The figures behind those texts, in bytes: each model's, and the total of the cache. */
export type Scan = z.infer<typeof scanned>;

const scanner = `
import json, sys
from huggingface_hub import scan_cache_dir
info = scan_cache_dir(sys.argv[1])
repos = {repo.repo_id: repo.size_on_disk for repo in info.repos if repo.repo_type == "model"}
print(json.dumps({"total": info.size_on_disk, "repos": repos}))`;

export async function hfScan(cache: string): Promise<Scan> {
  const { stdout } = await run(enginePython(), ['-I', '-c', scanner, cache], { env: env(cache) });
  return scanned.parse(JSON.parse(stdout));
}

/** Bytes as the hub writes them. */
export function hfSize(bytes: number): string {
  let value = bytes;
  for (const unit of ['', 'K', 'M', 'G', 'T', 'P', 'E', 'Z']) {
    // Python rounds halves to even and JavaScript does not, which no test here comes near.
    if (Math.abs(value) < 1000) return `${value.toFixed(1)}${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(1)}Y`;
}
