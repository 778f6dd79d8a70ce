import { fail } from '../errors.ts';
import type { Ask } from '../report/ask.ts';
import type { Context } from './context.ts';

/** Whether what is listed may be removed: by `--yes`, or asked. Fails with `usage` where there is nobody to ask. */
export function agreed({ typed }: Pick<Context, 'typed'>, ask: Pick<Ask, 'confirm'> | null): Promise<boolean> {
  if (typed.options['yes'] === true) return Promise.resolve(true);
  if (ask === null) {
    return fail({
      reason: 'usage',
      problem: 'There is no terminal to agree in.',
      hint: 'Add --yes to remove it without being asked.',
    });
  }
  return ask.confirm('Remove it?');
}
