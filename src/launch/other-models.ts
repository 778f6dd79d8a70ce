import { CclocalError } from '../errors.ts';
import type { Catalog, CatalogRow } from '../models/catalog.ts';
import { weightsFacts } from '../models/hub-cache.ts';
import type { CachedRepo } from '../models/list-repos.ts';
import { lmStudioModels } from '../models/lm-studio.ts';
import { asObject, familyNames } from '../models/memory/config-fields.ts';
import { familyOf } from '../models/memory/families.ts';
import { modelConfig, readConfig } from '../models/model-config.ts';
import { resolveModel } from '../models/resolve.ts';
import type { System } from '../os/system.ts';
import type { ModelChoice } from './request.ts';

/** A row, and what to ask for to get it. */
export interface Offered {
  readonly row: CatalogRow;
  readonly choice: Exclude<ModelChoice, { kind: 'ask' }>;
}

type Where = Pick<System, 'env' | 'userHome'>;

/** Formats of weights that the engines read; none = they are still to come. */
const readable: ReadonlySet<CachedRepo['weights']> = new Set(['safetensors', 'none']);

/** Rows made up for what the cache holds beside the catalog and an engine can serve, what was used last first. */
export function cachedOthers(
  repos: readonly CachedRepo[],
  catalog: Catalog,
  { env, userHome }: Where,
): readonly Offered[] {
  const listed = new Set(catalog.rows.map((row) => row.id.toLowerCase()));
  return repos
    .filter(({ repo, weights, brokenLinks }) => {
      return !listed.has(repo.toLowerCase()) && readable.has(weights) && brokenLinks.length === 0;
    })
    .toSorted((a, b) => (b.lastUsedMs ?? 0) - (a.lastUsedMs ?? 0))
    .flatMap(({ repo }) => {
      const { snapshotPath } = weightsFacts({ env, userHome, repo, revision: null });
      return snapshotPath === null ? [] : madeUp({ kind: 'id', id: repo }, snapshotPath, catalog);
    });
}

/** Rows made up for the models of LM Studio that are whole: they are used where they stand. */
export function lmStudioOthers(catalog: Catalog, { userHome }: Where): readonly Offered[] {
  return lmStudioModels(userHome)
    .filter(({ complete }) => complete)
    .flatMap(({ name, path }) =>
      madeUp({ kind: 'folder', path }, path, catalog).map(({ row, choice }) => ({
        row: { ...row, label: `${name} (LM Studio)` },
        choice,
      })),
    );
}

/** One, or none where no engine here could serve it. */
function madeUp(choice: Offered['choice'], folder: string, catalog: Catalog): readonly Offered[] {
  const config = readConfig(folder);
  if (!generates(config)) return [];
  try {
    return [{ row: resolveModel({ choice, catalog, config: modelConfig(config), trustCode: false }).row, choice }];
  } catch (error) {
    // One that brings code is for --model and --trust-code.
    if (error instanceof CclocalError && error.failure.reason === 'model-refused') return [];
    throw error;
  }
}

/** Whether a config.json is that of a model that writes text: others in a cache embed, classify or hear. Pure. */
export function generates(config: unknown): boolean {
  const architectures = asObject(config)?.['architectures'];
  if (Array.isArray(architectures) && architectures.length > 0) {
    return architectures.some(
      (name) => /For(CausalLM|ConditionalGeneration)$/.test(String(name)) && !speech.test(String(name)),
    );
  }
  return familyOf(familyNames(config)) !== null;
}

/** Encoders and decoders of speech and of plain translation, which have the same ending. */
const speech = /^(Whisper|Speech|Bart|MBart|T5|MT5|Pegasus|Marian|Blip)/;
