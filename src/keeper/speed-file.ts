import { dirname, join } from 'node:path';
import type { SpeedFigures } from '../gateway/seen/speed.ts';
import { ensureDir0700, readSmallFile, writePrivate } from '../os/files.ts';
import type { Paths } from '../os/paths.ts';
import { parseSpeeds, speedOf, speedsText, type SpeedOf } from './speeds.ts';

/** A full file is a quarter of this; what is longer is not read, bytes. */
const longest = 65_536;

export const speedFile = ({ cache }: Pick<Paths, 'cache'>): string => join(cache, 'speed.json');

/** How fast a model was read here before; null = not known. Never throws. */
export const knownSpeed = (file: string, of: SpeedOf): SpeedFigures | null => speedOf(parseSpeeds(read(file)), of);

/** Keeps it for later sessions. That it cannot be kept costs them an estimate, no more. */
export function keepSpeed(file: string, of: SpeedOf, figures: SpeedFigures): void {
  try {
    ensureDir0700(dirname(file));
    writePrivate(file, speedsText(parseSpeeds(read(file)), { ...of, figures }));
  } catch {
    return;
  }
}

const read = (file: string): string => readSmallFile(file, longest) ?? '';
