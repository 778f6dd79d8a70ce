import { fail } from '../errors.ts';
import type { System } from '../os/system.ts';
import { plainAsk } from './ask-plain.ts';
import type { Ask, Choice } from './asking.ts';

export type { Ask, Choice } from './asking.ts';

/**
 * The terminal as it really is, on standard error, so that standard output stays clean. Ctrl-C in a question fails with
 * `cancelled`. `signal` ends a question that a signal overtakes.
 * Where the terminal cannot move its cursor (TERM=dumb), choices are numbered and answered with a line.
 */
export function terminalAsk(system: System, signal?: AbortSignal): Ask {
  if (system.env['TERM'] === 'dumb') return plainAsk(system, signal);
  // stderr is a terminal stream where anything is asked; the package wants a muted copy of it.
  const context = { input: system.stdin, output: system.stderr, clearPromptOnDone: false, ...(signal && { signal }) };
  const prompts = async () => import('@inquirer/prompts');
  return {
    select: async (message, choices) => {
      const { select } = await prompts();
      return await unlessLeft(select({ message, choices: choices.map(plain), loop: false, pageSize: 14 }, context));
    },
    several: async (message, choices) => {
      const { checkbox } = await prompts();
      return await unlessLeft(checkbox({ message, choices: choices.map(plain), loop: false, pageSize: 14 }, context));
    },
    confirm: async (message) => {
      const { confirm } = await prompts();
      return await unlessLeft(confirm({ message, default: false }, context));
    },
    key: async (message, keys) => {
      const { input } = await prompts();
      const [first] = keys;
      const wanted = (typed: string): (typeof keys)[number] | undefined =>
        typed.trim() === '' ? first : keys.find((key) => key === typed.trim().toLowerCase());
      const validate = (typed: string): string | true =>
        wanted(typed) !== undefined || `Type one of ${keys.join(', ')}.`;
      const typed = await unlessLeft(input({ message, validate }, context));
      return wanted(typed) ?? fail({ reason: 'cancelled', what: 'nothing was chosen' });
    },
  };
}

/** A copy without the optional fields that are not set. */
function plain<T>(choice: Choice<T>): Choice<T> {
  return { ...choice };
}

/** The answer; a question that was left, by Ctrl-C or a signal, fails with `cancelled`. */
export async function unlessLeft<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'].includes(error.name)) {
      return fail({ reason: 'cancelled', what: 'you left the question' }, { cause: error });
    }
    throw error;
  }
}
