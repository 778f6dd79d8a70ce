import { fail } from '../errors.ts';
import type { Facts } from '../launch/facts.ts';
import type { LaunchRequest } from '../launch/request.ts';
import type { CatalogRow } from '../models/catalog.ts';
import type { ModelFigures } from '../models/memory/model-memory.ts';
import { memoryNeed } from './need.ts';
import { prefillStepFor, stepCap } from './prefill-step.ts';
import { assess, usefulContext, type Assessment } from './verdict.ts';

/** A choice of the memory menu; the keys are those one types. Tokens, MiB and bytes. */
export type MemoryOption =
  | { readonly key: '1'; readonly context: number; readonly freesBytes: number }
  | { readonly key: '2'; readonly fromMiB: number; readonly toMiB: number }
  | { readonly key: '3'; readonly fromMiB: number; readonly toMiB: number; readonly context: number }
  | { readonly key: 'c' }
  | { readonly key: 'q' };

export interface MemoryQuestion {
  readonly row: CatalogRow;
  readonly assessment: Assessment;
  /** In the order of the menu; the first one is what Enter takes. */
  readonly options: readonly MemoryOption[];
}

export interface MemoryOutcome {
  /** As it came in, with the context and the GPU limit that were settled on. */
  readonly request: LaunchRequest;
  /** Null = it was not to be checked. */
  readonly assessment: Assessment | null;
  readonly prefillStep: number;
  readonly applied: 'nothing' | 'shrunk' | 'raised' | 'both' | 'continued';
}

export interface MemoryInput {
  readonly request: LaunchRequest;
  readonly facts: Pick<Facts, 'machine'>;
  readonly figures: ModelFigures;
  /** Those of the catalog's rows, best first: one that fits is named when this one cannot. */
  readonly others: readonly ModelFigures[];
  /** Shows the menu and gives the key that was chosen; null = there is no terminal, nobody can be asked. */
  readonly ask: ((question: MemoryQuestion) => Promise<MemoryOption['key']>) | null;
}

/**
 * Settles context and GPU limit before a launch. Silent when there is ample room; asks when it is tight; where nobody
 * can be asked it shrinks the context, and never raises the limit. Null = the user quit. Fails with `memory-too-small`
 * when no useful context fits.
 */
export async function decideMemory(input: MemoryInput): Promise<MemoryOutcome | null> {
  const { request, facts, figures, ask } = input;
  const { row } = figures;
  if (request.memoryCheck === 'never') {
    return {
      request,
      assessment: null,
      prefillStep: stepCap(facts.machine, request.context ?? row.context),
      applied: 'nothing',
    };
  }
  const found = assess({
    machine: facts.machine,
    figures,
    context: request.context ?? row.context,
  });
  const prefillStep = prefillStepFor({ machine: facts.machine, figures, found });
  const silent = { request, assessment: found, prefillStep, applied: 'nothing' as const };
  const askable = ask !== null && !request.dryRun && !request.yes;
  if (found.verdict === 'too-big' && !request.dryRun) return refuse(input, found);
  if (!(askable && request.memoryCheck === 'always') && found.verdict !== 'tight') return silent;
  const options = memoryOptions(figures, found);
  const shrink = options.find((one) => one.key === '1');
  // Only a higher limit or the end of another engine would help, and nobody is there to agree to it. RAM is another
  // matter: macOS makes room by compressing what other programs have.
  if (!askable && shrink === undefined && found.over !== 'available' && !request.dryRun) return refuse(input, found);
  const key = askable ? await ask({ row, assessment: found, options }) : (shrink?.key ?? 'c');
  const chosen = options.find((one) => one.key === key) ?? { key: 'c' as const };
  switch (chosen.key) {
    case '1':
      return { ...silent, request: { ...request, context: chosen.context }, applied: 'shrunk' };
    case '2':
      return { ...silent, request: { ...request, raiseLimitMiB: chosen.toMiB }, applied: 'raised' };
    case '3':
      return {
        ...silent,
        request: { ...request, context: chosen.context, raiseLimitMiB: chosen.toMiB },
        applied: 'both',
      };
    case 'c':
      return { ...silent, applied: 'continued' };
    case 'q':
      return null;
    default:
      return chosen satisfies never;
  }
}

/** The choices that make sense for what was found. Pure. */
export function memoryOptions(figures: ModelFigures, found: Assessment): readonly MemoryOption[] {
  const { raise, wantedContext, prefillStep, need } = found;
  // With --safe the menu comes up although all fits: then the smallest useful context is what one can choose.
  const smaller = found.verdict === 'tight' ? found.largestContext : usefulContext;
  const shrunk = smaller !== null && smaller < wantedContext ? smaller : null;
  const storedBytes = need?.prefixCacheBytes ?? 0;
  const freed = shrunk === null ? null : memoryNeed({ figures, context: shrunk, prefillStep, storedBytes });
  const raiseAlone = raise !== null && raise.context >= wantedContext;
  const both = raise === null ? null : raiseAlone ? shrunk : raise.context;
  return [
    ...(shrunk === null
      ? []
      : [
          {
            key: '1' as const,
            context: shrunk,
            freesBytes: Math.max(0, (need?.totalBytes ?? 0) - (freed?.totalBytes ?? 0)),
          },
        ]),
    ...(raiseAlone ? [{ key: '2' as const, fromMiB: raise.fromMiB, toMiB: raise.toMiB }] : []),
    ...(raise === null || both === null
      ? []
      : [{ key: '3' as const, fromMiB: raise.fromMiB, toMiB: raise.toMiB, context: both }]),
    { key: 'c' },
    { key: 'q' },
  ];
}

function refuse({ facts, figures, others }: MemoryInput, found: Assessment): never {
  const { row } = figures;
  const nearest = others.find((other) => {
    const { verdict } = assess({ machine: facts.machine, figures: other, context: other.row.context });
    // The rehearsal fits everywhere and is no answer.
    return verdict === 'fits' && other.row.flag !== row.flag && other.row.downloadBytes !== null;
  });
  const least = memoryNeed({ figures, context: usefulContext, prefillStep: found.prefillStep, storedBytes: 0 });
  return fail({
    reason: 'memory-too-small',
    model: row.label,
    needBytes: least?.totalBytes ?? 0,
    limitBytes: found.budget?.limitBytes ?? 0,
    heldBytes: found.holders.bytes,
    heldBy: found.holders.engines.map(({ name }) => name),
    nearest: nearest?.row.flag ?? null,
  });
}
