import { fail } from '../errors.ts';
import type { System } from '../os/system.ts';
import { typedLine } from '../os/typed-line.ts';
import type { Ask, Choice } from './asking.ts';
import { wrap } from './wrap.ts';

/** Questions for a terminal that cannot move its cursor: numbered lines, answered with a line. Fails as terminalAsk does. */
export function plainAsk(system: System, signal?: AbortSignal): Ask {
  const say = (line: string): void => void system.stderr.write(`${wrap(line, system.tty.columns - 1)}\n`);
  const answer = (question: string): Promise<string> => plainAnswer(system, question, signal);
  return {
    select: async (message, choices) => {
      for (;;) {
        showNumbered(say, message, choices);
        const [index] = numbers(await answer('Number: '), choices.length);
        const chosen = choices[(index ?? 0) - 1];
        if (chosen !== undefined && !chosen.disabled) return chosen.value;
        say(`Type a number from 1 to ${choices.length}.`);
      }
    },
    several: async (message, choices) => {
      for (;;) {
        showNumbered(say, message.replace(/ \(.*\)$/, ''), choices);
        const typed = await answer('Numbers with spaces between them (Enter = none): ');
        const chosen = numbers(typed, choices.length);
        const values = chosen.flatMap((index) => choices.slice(index - 1, index).map(({ value }) => value));
        if (typed.trim() === '' || values.length > 0) return values;
        say(`Type numbers from 1 to ${choices.length}.`);
      }
    },
    confirm: async (message) => /^y(es)?$/i.test(await answer(`${message} (y/N) `)),
    key: async (message, keys) => {
      for (;;) {
        const typed = (await answer(`${message} `)).toLowerCase();
        const chosen = typed === '' ? keys[0] : keys.find((key) => key === typed);
        if (chosen !== undefined) return chosen;
        say(`Type one of ${keys.join(', ')}.`);
      }
    },
  };
}

/** A typed line without blanks around it. Fails with `cancelled` when there is none. */
export async function plainAnswer(system: System, question: string, signal?: AbortSignal): Promise<string> {
  const typed = await typedLine(system, question, signal);
  return typeof typed === 'string' ? fail({ reason: 'cancelled', what: 'you left the question' }) : typed.text.trim();
}

function showNumbered<T>(say: (line: string) => void, message: string, choices: readonly Choice<T>[]): void {
  say(message);
  for (const [index, { name }] of choices.entries()) say(`${String(index + 1).padStart(3)}  ${name}`);
}

/** The whole numbers of a line; none where one of its words is no number from 1 to `most`. */
function numbers(typed: string, most: number): readonly number[] {
  const found = typed
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  return found.every((one) => Number.isInteger(one) && one >= 1 && one <= most) ? [...new Set(found)] : [];
}
