import type { Catalog, CatalogRow } from '../models/catalog.ts';
import type { CachedRepo } from '../models/list-repos.ts';
import { modelFigures } from '../models/memory/figures.ts';
import { modelConfig, readConfig } from '../models/model-config.ts';
import { resolveModel } from '../models/resolve.ts';
import { gpuBudget } from '../preflight/budget.ts';
import type { Machine } from '../preflight/machine.ts';
import { assess, type Assessment } from '../preflight/verdict.ts';

/** The row of the catalog that a cached repository belongs to; names on the hub do not differ by case alone. */
export const rowOf = (repo: string, catalog: Catalog): CatalogRow | null =>
  catalog.rows.find((row) => row.id.toLowerCase() === repo.toLowerCase()) ?? null;

/**
 * Whether cached models fit a machine, each at its usual context. Null where nothing can be said: the machine has no
 * limit that is known, or it is no model with a config.json that an engine here could read.
 */
export function fitsHere(
  repos: readonly CachedRepo[],
  { catalog, machine }: { readonly catalog: Catalog; readonly machine: Machine },
): ReadonlyMap<CachedRepo, Assessment> {
  if (!gpuBudget(machine).known) return new Map();
  return new Map(
    repos.flatMap((repo) => {
      const found = assessed(repo, catalog, machine);
      return found === null || found.verdict === 'unknown' ? [] : [[repo, found] as const];
    }),
  );
}

function assessed(repo: CachedRepo, catalog: Catalog, machine: Machine): Assessment | null {
  const config = repo.snapshotPath === null ? null : configIn(repo.snapshotPath);
  const known = rowOf(repo.repo, catalog);
  if (known === null && (config === null || repo.weights !== 'safetensors')) return null;
  const choice = { kind: 'id', id: repo.repo } as const;
  // Only its size matters here, not whether its code may run.
  const row = known ?? resolveModel({ choice, catalog, config: modelConfig(config), trustCode: true }).row;
  const bytes = repo.state === 'complete' ? repo.weightBytes : null;
  const figures = modelFigures({ row, weights: { bytes, hubBytes: repo.indexBytes }, config, observed: null });
  return assess({ machine, figures, context: row.context });
}

function configIn(folder: string): unknown {
  try {
    return readConfig(folder);
  } catch {
    return null;
  }
}
