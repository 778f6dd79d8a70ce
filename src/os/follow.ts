import { open, stat } from 'node:fs/promises';
import { pause } from './clock.ts';

/** Looked at so often for more, ms: a log's reader does not notice, and it costs nothing. */
const everyMs = 200;
const atATime = 262_144;

/**
 * Gives the text that is appended to a file after byte `from`, until the signal; a file that is replaced by another, or
 * cut, is read from its start again, and one that is not there yet is waited for. Rejects with the system's error where
 * the file cannot be read. A character that is still half written comes with its other half.
 */
export async function follow(
  path: string,
  { from, signal, give }: { from: number; signal: AbortSignal; give: (text: string) => void },
): Promise<void> {
  let at = from;
  let known: number | null = null;
  let decoder = new TextDecoder();
  while (!signal.aborted) {
    const now = await stat(path).catch(() => null);
    if (now !== null) {
      if ((known !== null && now.ino !== known) || now.size < at) [at, decoder] = [0, new TextDecoder()];
      known = now.ino;
      if (now.size > at) {
        await using file = await open(path, 'r');
        const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(now.size - at, atATime)), 0, null, at);
        at += bytesRead;
        give(decoder.decode(buffer.subarray(0, bytesRead), { stream: true }));
        continue;
      }
    }
    await pause(everyMs, signal);
  }
}
