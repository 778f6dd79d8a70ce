import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSmallFile } from '../../os/files.ts';
import { withLock } from '../../os/lock.ts';
import { moreTelling, observedText, parseObserved, sameUnder, withLine, type ObservedLine } from './observed.ts';

/** A file with all its lines is a tenth of this; what is longer is not read, bytes. */
const longestFile = 1_048_576;

/** The lines of `memory.json`; none when it is not there, is not a file, or holds something else. Never throws. */
export const readObserved = (path: string): readonly ObservedLine[] =>
  parseObserved(readSmallFile(path, longestFile) ?? '');

/** Writes what one keeper measures; each new line of its own takes the place of the one before. */
export class ObservedWriter {
  readonly #path: string;
  /** What other runs had left under the same. */
  #before: ObservedLine | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Two keepers at once wait for each other. Rejects when the disk does not take it; the file is then as it was. */
  async write(line: ObservedLine): Promise<void> {
    await withLock(join(dirname(this.#path), 'memory.lock'), async () => {
      const lines = readObserved(this.#path);
      const there = lines.find((one) => sameUnder(one, line));
      if (there !== undefined && there.run !== line.run) {
        this.#before = this.#before === null ? there : moreTelling(this.#before, there);
      }
      const kept = this.#before === null ? line : moreTelling(this.#before, line);
      await replace(this.#path, observedText(withLine(lines, kept)));
    });
  }
}

/** As `writePrivate`, without holding this process up: requests go through it meanwhile. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}-${process.hrtime.bigint()}.tmp`;
  try {
    await using file = await open(temporary, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
}
