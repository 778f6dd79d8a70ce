import { createInterface } from 'node:readline';
import type { System } from './system.ts';

/** What came of waiting for a line: its text, the end of the input, or Ctrl-C. */
export type Typed = { readonly text: string } | 'end' | 'interrupted';

/**
 * Writes a question to standard error and waits for one line, which the terminal itself lets be edited: nothing is drawn.
 * `signal` ends it like Ctrl-C.
 */
export function typedLine(
  { stdin, stderr }: Pick<System, 'stdin' | 'stderr'>,
  question: string,
  signal?: AbortSignal,
): Promise<Typed> {
  stderr.write(question);
  return new Promise((settle) => {
    const lines = createInterface({ input: stdin, terminal: false });
    const end = (typed: Typed): void => {
      // First of all, as closing tells of an end too.
      settle(typed);
      process.off('SIGINT', interrupted);
      signal?.removeEventListener('abort', interrupted);
      lines.close();
      // A terminal that is listened to keeps the program alive.
      stdin.pause();
    };
    const interrupted = (): void => {
      stderr.write('\n');
      end('interrupted');
    };
    process.once('SIGINT', interrupted);
    signal?.addEventListener('abort', interrupted, { once: true });
    lines.once('line', (text) => end({ text }));
    lines.once('close', () => end('end'));
    if (signal?.aborted) interrupted();
  });
}
