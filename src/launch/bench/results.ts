import { list, number, object, oneOf, orNull, parsed, text, whole, type Check } from '../../keeper/shape.ts';

/** What `cclocal bench` measured of one model on one engine. Tokens a second, milliseconds, bytes. */
export interface BenchResult {
  /** As the engine serves it. */
  readonly model: string;
  /** Commit; null = it has none. */
  readonly revision: string | null;
  /** As `--engine` takes it. */
  readonly engine: string;
  /** What `machineIdentity` says; null = too little was known of the machine. */
  readonly machine: string | null;
  /** When, for people: ISO 8601. */
  readonly at: string;
  /** Tokens of the prompt that was read. */
  readonly promptTokens: number;
  readonly readPerSecond: number;
  /** Null = it said too little to tell. */
  readonly writtenPerSecond: number | null;
  /** From a request to its first token: a prompt that is all new, and the next message of the same conversation. */
  readonly coldMs: number;
  readonly warmMs: number;
  /** The engine at its highest; null = not to be learnt. */
  readonly peakBytes: number | null;
}

const result: Check<BenchResult> = object({
  model: text,
  revision: orNull(text),
  engine: text,
  machine: orNull(text),
  at: text,
  promptTokens: whole,
  readPerSecond: number,
  writtenPerSecond: orNull(number),
  coldMs: number,
  warmMs: number,
  peakBytes: orNull(whole),
});
const file = object({ schemaVersion: oneOf(1), results: list(result) });

/** More models and engines than anybody compares on one machine; the one measured longest ago goes. */
const most = 64;

/** The results in the file's text, oldest first; none where it is no such file. Pure. */
export const parseBench = (json: string): readonly BenchResult[] =>
  (parsed(json, file)?.results ?? []).filter(sound).slice(-most);

const sound = ({ promptTokens, readPerSecond, writtenPerSecond, coldMs, warmMs }: BenchResult): boolean =>
  [promptTokens, readPerSecond, writtenPerSecond ?? 1, coldMs, warmMs].every((value) => value > 0);

/** The file's text with this one in place of what was known of the same. Pure. */
export function benchText(known: readonly BenchResult[], now: BenchResult): string {
  const results = [...known.filter((one) => !same(one, now)), now].slice(-most);
  return `${JSON.stringify({ schemaVersion: 1, results }, null, 2)}\n`;
}

const same = (a: BenchResult, b: BenchResult): boolean =>
  a.model === b.model && a.revision === b.revision && a.engine === b.engine && a.machine === b.machine;

/** Those of one model, as it is here, on such a machine. A commit that is not known matches any. Pure. */
export function resultsOf(
  known: readonly BenchResult[],
  of: { readonly model: string; readonly revision: string | null; readonly machine: string | null },
): readonly BenchResult[] {
  return known.filter(
    ({ model, revision, machine }) =>
      model === of.model &&
      machine === of.machine &&
      (revision === null || of.revision === null || revision === of.revision),
  );
}
