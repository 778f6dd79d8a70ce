import type { EngineCause } from '../errors.ts';

/** What an engine died of: the rest of a sentence that names it. Pure. */
export function causeText(cause: EngineCause): string {
  switch (cause.kind) {
    case 'model-type':
      return `it does not know this kind of model (${cause.detail}).`;
    case 'out-of-memory':
      return `it ran out of GPU memory (${cause.detail}).`;
    case 'port':
      return `its address was in use (${cause.detail}).`;
    case 'import':
      return `its installation is broken (${cause.detail}).`;
    case 'hub':
      return `it could not get the model from the hub (${cause.detail}).`;
    case 'flag':
      return `it did not understand a flag (${cause.detail}).`;
    case 'killed':
      return `something killed it (${cause.detail}).`;
    case 'limit-lowered':
      return `the limit of GPU memory was lowered while it ran (${cause.detail}).`;
    case 'hang':
      return `it hung: ${cause.detail}.`;
    case 'unknown':
      return `${cause.detail || 'it left no word why'}.`;
    default:
      return cause satisfies never;
  }
}

/** What to do about it. Pure. */
export function causeHint(cause: EngineCause): string {
  switch (cause.kind) {
    case 'model-type':
      return 'Choose a model of the catalog (cclocal --help).';
    case 'out-of-memory':
    case 'killed':
    case 'hang':
      return 'Try a smaller model such as --gemma-light, or --safe to choose a smaller context.';
    case 'limit-lowered':
      return 'See that nothing sets iogpu.wired_limit_mb while a model runs (sysctl, another launcher), then run the same command again.';
    case 'import':
    case 'flag':
      return 'Repair it with: cclocal setup --again.';
    case 'port':
    case 'hub':
    case 'unknown':
      return 'Run the same command again.';
    default:
      return cause satisfies never;
  }
}
