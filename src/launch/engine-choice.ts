import type { CatalogRow } from '../models/catalog.ts';

/** What `--engine` takes. vllm-mlx is one engine in two configurations. */
export const engineNames = ['vllm-mlx', 'vllm-mlx-simple', 'mlx-vlm', 'mlx-lm'] as const;
export type EngineName = (typeof engineNames)[number];

/** An engine to serve a model with, and why, in half a sentence. */
export interface EngineChoice {
  readonly name: string;
  readonly id: string;
  /** `simple` = it keeps no more of conversations than vllm-mlx's plain mode does; every other keeps stored prefixes. */
  readonly mode: 'simple' | 'batched';
  readonly why: string;
}

const configurations: Readonly<Record<EngineName, Pick<EngineChoice, 'id' | 'mode'>>> = {
  'vllm-mlx': { id: 'vllm-mlx', mode: 'batched' },
  'vllm-mlx-simple': { id: 'vllm-mlx', mode: 'simple' },
  'mlx-vlm': { id: 'mlx-vlm', mode: 'batched' },
  'mlx-lm': { id: 'mlx-lm', mode: 'batched' },
};

/** Who comes after whom where the catalog's engine cannot be had, by what re-reads least; measured by bench:turns. */
const orders: readonly (readonly [RegExp, readonly EngineName[]])[] = [
  [/^gemma4/, ['mlx-vlm', 'mlx-lm', 'vllm-mlx-simple']],
  [/^qwen3_(5|next)/, ['mlx-vlm', 'mlx-lm', 'vllm-mlx-simple']],
  [/^(?:)/, ['vllm-mlx', 'mlx-lm', 'mlx-vlm']],
];

/**
 * The engines to try for a model, in this order. One that was asked for by name is the only one: to be given another
 * without having been asked would answer another question. Pure.
 */
export function engineChoices(
  row: Pick<CatalogRow, 'engine' | 'family'>,
  asked: EngineName | null,
): readonly [EngineChoice, ...EngineChoice[]] {
  const own = { ...row.engine, name: nameOf(row.engine) };
  if (asked !== null) {
    const why = `asked for with --engine; the catalog has ${own.name} (${own.why})`;
    return [asked === own.name ? own : { ...configurations[asked], name: asked, why }];
  }
  const order = orders.find(([pattern]) => pattern.test(row.family))?.[1] ?? [];
  const others = order.filter((name) => name !== own.name);
  return [
    own,
    ...others.map((name) => ({ ...configurations[name], name, why: `instead of ${own.name}, which cannot be used` })),
  ];
}

/** The name of an engine in one of its configurations. */
export function nameOf({ id, mode }: CatalogRow['engine']): string {
  return id === 'vllm-mlx' && mode === 'simple' ? 'vllm-mlx-simple' : id;
}

/** The row as it is served with that engine. Pure. */
export function rowOn(row: CatalogRow, { id, mode, why }: EngineChoice): CatalogRow {
  return { ...row, engine: { id, mode, why } };
}
