import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { readSmallFile } from '../os/files.ts';

/** Imports within imports that the agent follows. */
const deepest = 5;
/** More than any memory that is of use in a small context, bytes. */
const longest = 256 * 1024;
const imported = /(^|\s)@((?:~\/|\.{0,2}\/)?[^\s`]+)/g;

/**
 * The text of a CLAUDE.md with its imports (`@path`) put in the place where they stand: the agent reads a copy in the
 * session's folder, from which their paths would lead elsewhere. What cannot be read stays as it is.
 */
export function memoryText(path: string, depth = 0, userHome = homedir()): string {
  const text = readSmallFile(path, longest);
  if (text === null) return '';
  if (depth >= deepest) return text;
  return outsideCode(text, (part) =>
    part.replace(imported, (whole, before: string, name: string) => {
      const file = name.startsWith('~/')
        ? join(userHome, name.slice(2))
        : isAbsolute(name)
          ? name
          : join(dirname(path), name);
      const inner = memoryText(file, depth + 1, userHome);
      return inner === '' ? whole : `${before}${inner}`;
    }),
  );
}

/** An at sign in code is no import. */
function outsideCode(text: string, change: (part: string) => string): string {
  return text
    .split(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)/)
    .map((part, at) => (at % 2 === 0 ? change(part) : part))
    .join('');
}
