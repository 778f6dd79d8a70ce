import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildRepo, type Layout } from '../../test/support/hub-cache.ts';
import { startHub } from '../../test/support/hub.ts';
import { mulberry } from '../../test/support/seeded.ts';
import { pythonThatMakes } from './releases.ts';

const run = promisify(execFile);

/** Repositories by id, each with its files. */
export type Repos = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Models of some dozen files each, a few with weights in common; which ones, the seed decides. */
export function someRepos(count: number, seed: number): Repos {
  const random = mulberry(seed);
  const whole = (most: number): number => Math.floor(random() * most);
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const shards = 1 + whole(12);
      // Every fifth is a copy of the weights of the one before.
      const weights = index % 5 === 4 ? index - 1 : index;
      const names = Array.from(
        { length: shards },
        (_, shard) => `model-${five(shard + 1)}-of-${five(shards)}.safetensors`,
      );
      const map = Object.fromEntries(
        Array.from({ length: 300 }, (_, layer) => [`layers.${layer}.weight`, names[layer % shards]]),
      );
      const files: Record<string, string> = {
        'config.json': JSON.stringify({ model_type: 'llama', max_position_embeddings: 4096, index }),
        'tokenizer.json': '{}',
        'model.safetensors.index.json': JSON.stringify({ metadata: { total_size: shards }, weight_map: map }),
      };
      names.forEach(
        (name, shard) => (files[name] = `${weights} ${shard} `.repeat(200 + ((weights * 37 + shard * 101) % 300))),
      );
      for (let file = whole(80); file > 0; file -= 1) files[`data/${whole(4)}/${file}.txt`] = `${index} ${file}`;
      return [`org${index % 7}/model-${index}`, files];
    }),
  );
}

const five = (value: number): string => String(value).padStart(5, '0');

/** The cache as the fixtures build it, at the commits that are given. */
export function buildCache(cache: string, repos: Repos, layout: Layout, commit?: (id: string) => string): void {
  mkdirSync(cache, { recursive: true });
  for (const [repo, files] of Object.entries(repos)) {
    buildRepo({ cache, repo, files, layout, ...(commit === undefined ? {} : { commit: commit(repo) }) });
  }
}

/**
 * The cache as the release of a layout makes it itself, downloading from a stand-in of the hub over HTTP. What only Xet
 * downloads get is done behind it with the hub's own function: its files move into the store of the whole cache.
 */
export async function downloadCache(
  cache: string,
  repos: Repos,
  layout: Exclude<Layout, 'plain'>,
): Promise<(id: string) => string> {
  const python = pythonThatMakes(layout);
  const folder = mkdtempSync(join(tmpdir(), 'ccl-hub-'));
  try {
    const served: Record<string, string> = {};
    for (const [id, files] of Object.entries(repos)) {
      served[id] = join(folder, id);
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, id, path)), { recursive: true });
        writeFileSync(join(folder, id, path), content);
      }
    }
    const hub = await startHub({ repos: served });
    try {
      const env = { HOME: folder, HF_ENDPOINT: hub.url, HF_HUB_DISABLE_PROGRESS_BARS: '1', PATH: '/usr/bin:/bin' };
      const order = JSON.stringify({ cache, repos: Object.keys(repos), share: layout === 'shared' });
      await run(python, ['-I', '-c', downloader, order], { env, maxBuffer: 1 << 24 });
      const commits = new Map(Object.keys(repos).map((id) => [id, hub.commit(id)]));
      return (id) => commits.get(id) ?? '';
    } finally {
      await hub.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const downloader = `
import json, os, sys
from huggingface_hub import snapshot_download
order = json.loads(sys.argv[1])
for repo in order["repos"]:
    snapshot = snapshot_download(repo, cache_dir=order["cache"])
    if not order["share"]:
        continue
    from huggingface_hub.utils import _shared_blobs
    for name in os.listdir(snapshot):
        if name.endswith(".safetensors"):
            blob = os.path.abspath(os.path.join(snapshot, os.readlink(os.path.join(snapshot, name))))
            assert os.path.islink(blob) or _shared_blobs.publish_blob_to_shared_store(
                blob_path=blob, xet_hash=os.path.basename(blob), cache_dir=order["cache"], expected_size=os.path.getsize(blob))
`;

/** Every path below a cache with what it is, sorted; what locks are called is part of it, what they hold is not. */
export function shapeOf(cache: string): readonly string[] {
  return readdirSync(cache, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const kind = entry.isSymbolicLink() ? `-> ${readlinkSync(path)}` : entry.isDirectory() ? '/' : '';
      return `${path.slice(cache.length)} ${kind}`;
    })
    .sort();
}
