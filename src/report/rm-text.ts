import type { Target } from '../models/freed-bytes.ts';
import { printable } from './printable.ts';
import { size } from './units.ts';

/** What is to go, with the bytes that it frees. */
export interface Freed {
  readonly target: Target;
  /** On the disk, cut-off downloads included; of a revision what it links to. */
  readonly bytes: number;
  readonly freesBytes: number;
}

/** `owner/name`, with the commit where only one revision is meant. Pure. */
export const targetName = ({ repo, revision }: Target): string =>
  printable(revision === null ? repo.repo : `${repo.repo}@${revision.commit.slice(0, 7)}`);

/** One line of the choice: its size, what it frees (less where others share its files), its name. Pure. */
export const choiceLine = (name: string, bytes: number, freesBytes: number): string =>
  `${size(bytes).padStart(8)}  ${size(freesBytes).padStart(8)}  ${name}`;

export const leftoversName = 'what downloads that were cut off have left';

/** What would be done, in a dry run. Pure. */
export const dryLine = ({ target, bytes, freesBytes }: Freed): string =>
  `would delete ${targetName(target)} (${size(bytes)}, frees ${size(freesBytes)})`;

export const clearLine = (bytes: number): string => `would clear ${leftoversName} (frees ${size(bytes)})`;

export interface RmDone {
  readonly asked: number;
  readonly deleted: number;
  readonly leftovers: boolean;
  readonly freedBytes: number;
  readonly promisedBytes: number;
}

/** What was done and what the disk gained by it, and where that is another figure than was promised, both. Pure. */
export function doneLine({ asked, deleted, leftovers, freedBytes, promisedBytes }: RmDone): string {
  const what = [
    ...(asked === 0 ? [] : [`Deleted ${deleted} of ${asked}`]),
    ...(leftovers ? [`${asked === 0 ? 'Cleared' : 'cleared'} ${leftoversName}`] : []),
  ].join(', ');
  const differs = Math.abs(promisedBytes - freedBytes) > Math.max(promisedBytes * 0.05, 1_000_000);
  const promised = differs ? ` (${size(promisedBytes)} were expected)` : '';
  return `${what}; ${size(freedBytes)} are free again${promised}.`;
}

/** The offer to clear leftovers, for the end of another command. Pure. */
export const leftoversLine = (bytes: number): string =>
  `${size(bytes)} are left over from downloads that were cut off; to clear them: cclocal rm --leftovers`;
