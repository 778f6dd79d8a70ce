import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * `links` = hub up to 1.21: blobs in the repository. `trees` = since 1.22: with a list of all files of the commit.
 * `shared` = since 1.33: large blobs are links into a store of the whole cache, too. `plain` = files without links.
 * bench/rm.ts compares what is built here with what the real releases leave.
 */
export type Layout = 'links' | 'trees' | 'shared' | 'plain';

export interface RepoOptions {
  readonly cache: string;
  readonly repo: string;
  /** Path in the repository to its content; null = a link to a blob that is missing. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly layout?: Layout;
  readonly commit?: string;
  /** Ref that names the commit; null = none. */
  readonly ref?: string | null;
}

/** A repository as the hub's downloader leaves it, built by hand in one of its layouts. Returns the snapshot's folder. */
export function buildRepo({
  cache,
  repo,
  files,
  layout = 'links',
  commit = commitOf(repo),
  ref = 'main',
}: RepoOptions): string {
  const name = `models--${repo.replaceAll('/', '--')}`;
  const folder = join(cache, name);
  const snapshot = join(folder, 'snapshots', commit);
  mkdirSync(snapshot, { recursive: true });
  mkdirSync(join(folder, 'blobs'), { recursive: true });
  if (ref !== null) write(join(folder, 'refs', ref), commit);
  const tree: Record<string, object> = {};
  for (const [path, content] of Object.entries(files)) {
    const file = join(snapshot, path);
    if (layout === 'plain' && content !== null) {
      write(file, content);
      continue;
    }
    const large = path.endsWith('.safetensors');
    const etag = large ? digest('sha256', content ?? path) : gitId(content ?? path);
    const blob = join(folder, 'blobs', etag);
    tree[path] = treeEntry(content ?? path, large, layout);
    // The downloader leaves its lock files where they are.
    if (layout !== 'plain') write(join(cache, '.locks', name, `${etag}.lock`), '');
    if (content !== null && !existsSync(blob)) {
      if (layout === 'shared' && large) share(cache, blob, content);
      else write(blob, content);
    }
    link(blob, file);
  }
  if (layout === 'trees' || layout === 'shared') {
    write(join(folder, 'trees', `${commit}.json`), JSON.stringify({ format_version: 1, files: tree }, null, 1));
    write(join(cache, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
  }
  return snapshot;
}

export const commitOf = (text: string): string => digest('sha1', text);

const digest = (kind: 'sha1' | 'sha256', text: string): string => createHash(kind).update(text).digest('hex');
const gitId = (text: string): string => digest('sha1', `blob ${Buffer.byteLength(text)}\0${text}`);

function treeEntry(content: string, large: boolean, layout: Layout): object {
  const size = Buffer.byteLength(content);
  if (!large) return { size, blob_id: gitId(content) };
  const sha256 = digest('sha256', content);
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
  return {
    size,
    blob_id: gitId(pointer),
    lfs_sha256: sha256,
    lfs_size: size,
    ...(layout === 'shared' ? { xet_hash: sha256 } : {}),
  };
}

/** A payload in the store of the whole cache, with the manifest that says which blobs point at it. */
function share(cache: string, blob: string, content: string): void {
  // A real store has the Xet hash, which is of the same form.
  const name = digest('sha256', content);
  const store = join(cache, 'blobs', name.slice(0, 2), name);
  write(join(cache, 'blobs', '.huggingface-shared-blobs'), '1\n');
  if (!existsSync(store)) {
    write(store, content);
    chmodSync(store, 0o444);
    write(`${store}.lock`, '');
  }
  appendFileSync(`${store}.refs`, `${relative(cache, blob)}\n`);
  link(store, blob);
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    symlinkSync(relative(dirname(path), target), path);
  } catch (error) {
    // A file that is there already, of an earlier build.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** The files of a small whole model; `weights` bytes of weights in two shards. */
export function modelFiles(weights: number): Record<string, string> {
  const half = Math.floor(weights / 2);
  return {
    'config.json': '{"model_type": "llama", "max_position_embeddings": 4096}',
    'tokenizer.json': '{}',
    'model.safetensors.index.json': JSON.stringify({
      metadata: { total_size: weights },
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00002-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    }),
    'model-00001-of-00002.safetensors': 'x'.repeat(half),
    'model-00002-of-00002.safetensors': 'y'.repeat(weights - half),
  };
}

/** The files but for one. */
export function without(name: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => path !== name));
}
