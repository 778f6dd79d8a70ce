import { join } from 'node:path';
import { readSmallFile, writePrivate } from '../os/files.ts';
import { either, object, oneOf, parsed, text } from '../keeper/shape.ts';
import type { Paths } from '../os/paths.ts';
import type { ModelChoice } from './request.ts';

const choice = either(
  object({ kind: oneOf('row'), flag: text }),
  object({ kind: oneOf('id'), id: text }),
  object({ kind: oneOf('folder'), path: text }),
);
const lastFile = object({ schemaVersion: oneOf(1), choice });

/** What is longer is none of ours, bytes. */
const longest = 8_192;

const lastChoiceFile = ({ home }: Pick<Paths, 'home'>): string => join(home, 'last-choice.json');

/** What was taken from the menu last; null = nothing yet, or the file holds something else. Never throws. */
export const lastChoice = (paths: Pick<Paths, 'home'>): ModelChoice | null =>
  parsed(readSmallFile(lastChoiceFile(paths), longest) ?? '', lastFile)?.choice ?? null;

/** Remembers it, in a file for the user alone. That it cannot be written costs the next menu its first line, no more. */
export function rememberChoice(paths: Pick<Paths, 'home'>, taken: ModelChoice): void {
  try {
    writePrivate(lastChoiceFile(paths), `${JSON.stringify({ schemaVersion: 1, choice: taken })}\n`);
  } catch {
    return;
  }
}

export const sameChoice = (a: ModelChoice, b: ModelChoice): boolean => JSON.stringify(a) === JSON.stringify(b);
