import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfThere } from '../os/files.ts';

/** What a folder with a model holds of what an engine needs. */
export interface Snapshot {
  readonly complete: boolean;
  /** Bytes of the weight files that are there. */
  readonly bytes: number;
  /** What is missing, by name. */
  readonly missing: readonly string[];
  /** Of that, shards that the index of the weights or their own numbering names. */
  readonly missingShards: readonly string[];
  /** Bytes of all weights by their index, also before they are there; null = it does not say. */
  readonly indexBytes: number | null;
}

/** Any one of them is a tokenizer. */
const tokenizers = ['tokenizer.json', 'tokenizer.model', 'tiktoken.model', 'vocab.json'];

/** Bytes of a file of a snapshot that is really there and not empty, or null. */
export type SizeOf = (name: string) => number | null;

/**
 * Checks a snapshot in the hub cache, or a local folder: config, tokenizer, and every shard that the index of the
 * weights names (without an index, `model*.safetensors`, complete by the numbers in their names). The snapshot folder
 * exists as soon as a download begins and links can point at nothing, so each file is really looked at; who has done that already says so with `sizeOf`.
 */
export function inspectSnapshot(folder: string, sizeOf: SizeOf = sizeIn(folder)): Snapshot {
  const missing: string[] = [];
  if (sizeOf('config.json') === null) missing.push('config.json');
  if (!tokenizers.some((name) => sizeOf(name) !== null)) missing.push('a tokenizer');
  let bytes = 0;
  const { shards, indexBytes } = wantedShards(folder);
  if (shards.length === 0) missing.push('model.safetensors');
  const missingShards: string[] = [];
  for (const shard of shards) {
    const size = sizeOf(shard);
    if (size === null) missingShards.push(shard);
    else bytes += size;
  }
  missing.push(...missingShards);
  return { complete: missing.length === 0, bytes, missing, missingShards, indexBytes };
}

/** By looking; a link is followed. */
function sizeIn(folder: string): SizeOf {
  return (name) => {
    try {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false });
      return stat?.isFile() === true && stat.size > 0 ? stat.size : null;
    } catch {
      return null;
    }
  };
}

interface Wanted {
  readonly shards: readonly string[];
  readonly indexBytes: number | null;
}

function wantedShards(folder: string): Wanted {
  const index = readTextIfThere(join(folder, 'model.safetensors.index.json'));
  if (index === null) return { shards: numberedShards(folder), indexBytes: null };
  try {
    const value: unknown = JSON.parse(index);
    return { shards: shardsOf(value), indexBytes: bytesOf(value) };
  } catch {
    // Half written or not an index: as good as not there yet.
    return { shards: [], indexBytes: null };
  }
}

/** Read by hand: a schema takes ten times as long over the thousand names, and this is on the way to every launch. */
function shardsOf(index: unknown): readonly string[] {
  const shards = new Set<string>();
  for (const shard of Object.values(part(index, 'weight_map') ?? {})) shards.add(String(shard));
  return [...shards];
}

function bytesOf(index: unknown): number | null {
  const size = part(index, 'metadata')?.['total_size'];
  return typeof size === 'number' && Number.isSafeInteger(size) && size > 0 ? size : null;
}

/** Not copied: there may be thousands of names. */
function part(value: unknown, name: string): Readonly<Record<string, unknown>> | null {
  const found = isRecord(value) ? value[name] : null;
  return isRecord(found) ? found : null;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** `model*.safetensors`, and where they are numbered "-00001-of-00003", all of them. */
function numberedShards(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => /^model.*\.safetensors$/.test(name));
  } catch {
    return [];
  }
  const numbered = names
    .map((name) => /^(.*-)\d{5}-of-(\d{5})\.safetensors$/.exec(name))
    .find((match) => match !== null);
  if (numbered === undefined) return names;
  const [, stem = '', count = ''] = numbered;
  return Array.from(
    { length: Number(count) },
    (_, index) => `${stem}${String(index + 1).padStart(5, '0')}-of-${count}.safetensors`,
  );
}
