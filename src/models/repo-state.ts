/** complete = an engine can run it; partial = something is still to come; corrupt = it contradicts itself. */
export type RepoState = 'complete' | 'partial' | 'corrupt';

/** What the weights of a repository are; none = there are none yet. */
export type WeightsKind = 'safetensors' | 'gguf' | 'pytorch' | 'other' | 'none';

/** A download that was cut off, or runs now. */
export interface Incomplete {
  readonly name: string;
  /** On the disk: a file may be written with holes, so its length alone would promise too much. */
  readonly bytes: number;
  /** ms since 1970. */
  readonly changedMs: number;
}

/** A partial download that changed less than this ago is taken for one that runs, ms. */
export const freshMs = 120_000;

export const isFresh = ({ changedMs }: Incomplete, nowMs: number): boolean => nowMs - changedMs < freshMs;

export interface Findings {
  readonly weights: WeightsKind;
  /** The revision that counts has all that an engine needs. */
  readonly complete: boolean;
  /** Shards that its index (or their own numbering) names and that are not there. */
  readonly missingShards: readonly string[];
  /** Files of it whose links point at nothing. */
  readonly brokenLinks: readonly string[];
  readonly downloading: boolean;
  readonly orphans: readonly Incomplete[];
}

/**
 * The state of a repository. Weights in a format that no engine here reads are as complete as they will be. What misses a
 * shard is partial while a download runs, and else corrupt, as is what a cut-off download left without its rest; beside
 * a complete revision such leftovers only take room. Pure.
 */
export function repoState(found: Findings): RepoState {
  if (found.brokenLinks.length > 0) return 'corrupt';
  if (found.complete) return 'complete';
  if (found.downloading) return 'partial';
  if (found.missingShards.length > 0 || found.orphans.length > 0) return 'corrupt';
  return found.weights === 'none' || found.weights === 'safetensors' ? 'partial' : 'complete';
}

const kinds: readonly (readonly [RegExp, WeightsKind])[] = [
  [/\.safetensors(\.index\.json)?$/, 'safetensors'],
  [/\.gguf$/i, 'gguf'],
  [/\.(bin|pt|pth|ckpt)$/, 'pytorch'],
  [/\.(onnx|npz|h5|tflite|msgpack|mlmodelc?|task|litertlm)$/, 'other'],
];

/** By the names of the files of a revision; the first kind of the table that there is. Pure. */
export function weightsKind(names: readonly string[]): WeightsKind {
  for (const [pattern, kind] of kinds) if (names.some((name) => pattern.test(name))) return kind;
  return 'none';
}

/** A file of weights: to have read one is to have used the model, which cannot be said of a config.json. */
export const isWeights = (name: string): boolean =>
  kinds.some(([pattern]) => pattern.test(name)) && !name.endsWith('.json');
