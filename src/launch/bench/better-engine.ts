import type { CatalogRow } from '../../models/catalog.ts';
import { engineNames, nameOf, type EngineName } from '../engine-choice.ts';
import type { BenchResult } from './results.ts';

/**
 * Engines on which an architecture (a row's family) gets every tool call right and reads only what is new in all kinds of
 * session, by the committed tables bench/tool-calls.json and bench/turns.json; test/contract/proven-engines.test.ts
 * compares them. A family that is not here was not measured on other engines than its row's: nothing is offered for it.
 */
export const provenEngines: Readonly<Record<string, readonly EngineName[]>> = {
  qwen2: ['vllm-mlx', 'mlx-vlm'],
  qwen3_moe: ['vllm-mlx', 'mlx-vlm'],
  glm4_moe_lite: ['vllm-mlx', 'mlx-vlm'],
  gemma4: ['mlx-vlm'],
  qwen3_5: ['mlx-vlm'],
};

/** Tokens of a reply in the turn that engines are compared by: a tool call with a few lines. */
const replyTokens = 200;
/** Another engine is offered from here on; less is within what one measurement differs from the next. */
const worthwhile = 1.15;

export interface BetterEngine {
  /** As `--engine` takes it. */
  readonly engine: EngineName;
  /** Seconds of a turn on it, and on the engine that the catalog has. */
  readonly seconds: number;
  readonly usualSeconds: number;
}

/** Seconds of a usual turn: until its first token with the conversation in the cache, and then a short reply. Pure. */
export const turnSeconds = ({ warmMs, writtenPerSecond }: BenchResult): number | null =>
  writtenPerSecond === null ? null : warmMs / 1000 + replyTokens / writtenPerSecond;

/**
 * Another engine that was measured to be clearly faster here than the one that the catalog has, among those that are
 * proven for the architecture; null = none. Both must have been measured, on this machine. Pure.
 */
export function betterEngine(
  row: Pick<CatalogRow, 'engine' | 'family'>,
  measured: readonly BenchResult[],
): BetterEngine | null {
  const own = nameOf(row.engine);
  const usual = measured.findLast(({ engine }) => engine === own);
  const usualSeconds = usual === undefined ? null : turnSeconds(usual);
  if (usualSeconds === null) return null;
  const proven = provenEngines[row.family] ?? [];
  const others = engineNames
    .filter((name) => name !== own && proven.includes(name))
    .flatMap((engine) => {
      const found = measured.findLast((one) => one.engine === engine);
      const seconds = found === undefined ? null : turnSeconds(found);
      return seconds === null ? [] : [{ engine, seconds, usualSeconds }];
    })
    .toSorted((a, b) => a.seconds - b.seconds);
  const [best] = others;
  return best !== undefined && usualSeconds >= best.seconds * worthwhile ? best : null;
}
