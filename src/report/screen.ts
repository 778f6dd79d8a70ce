import type { Ora } from 'ora';
import type { System } from '../os/system.ts';
import { wrap } from './wrap.ts';

/** Between two plain progress lines where there is no terminal to redraw a line on, ms: twice as long each time. */
const plainFirstMs = 1_000;
const plainMostMs = 4_000;

/**
 * The only writer to the user's screen. Words and progress go to standard error, results to standard output, so that
 * a pipe sees the agent's answer or one JSON document and nothing else.
 */
export class Screen {
  readonly #system: System;
  readonly #redraws: boolean;
  #spinner: Ora | null = null;
  #loading: Promise<void> | null = null;
  #text: string | null = null;
  #stage = '';
  #nextPlain = 0;
  #plainMs = plainFirstMs;

  constructor(system: System) {
    this.#system = system;
    this.#redraws = system.tty.stderr && system.env['TERM'] !== 'dumb' && !system.env['NO_COLOR'];
  }

  /** A sentence for the user. */
  say(line: string): void {
    const text = this.#text;
    this.#hide();
    this.#system.stderr.write(`${this.#fitted(line)}\n`);
    if (text !== null) this.live(this.#stage, text);
  }

  /** A line that may hold a command to copy: never broken. */
  verbatim(line: string): void {
    this.#hide();
    this.#system.stderr.write(`${line}\n`);
  }

  /** What was asked for: the one thing that goes to standard output. */
  result(text: string): void {
    this.#hide();
    this.#system.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  json(document: unknown): void {
    this.result(JSON.stringify(document, null, 2));
  }

  /** One document of several, each on a line of its own. */
  jsonLine(document: unknown): void {
    this.result(JSON.stringify(document));
  }

  /** The state of a long stage: one line redrawn in place, or now and then a plain line. */
  live(stage: string, text: string): void {
    this.#text = text;
    const fresh = stage !== this.#stage;
    this.#stage = stage;
    if (!this.#redraws) {
      if (fresh) this.#plainMs = plainFirstMs;
      else if (performance.now() < this.#nextPlain) return;
      this.#nextPlain = performance.now() + this.#plainMs;
      this.#plainMs = Math.min(2 * this.#plainMs, plainMostMs);
      this.#system.stderr.write(`${text}\n`);
    } else if (this.#spinner !== null) {
      this.#spinner.text = text;
    } else {
      this.#loading ??= this.#show();
    }
  }

  /** The stage that was said last, in words; for a dump. */
  get doing(): string {
    return this.#text ?? (this.#stage === '' ? 'nothing that takes long' : `past the stage "${this.#stage}"`);
  }

  /** Ends the live line; what it said is gone, `line` stays. */
  settle(line?: string): void {
    this.#hide();
    if (line !== undefined) this.#system.stderr.write(`${this.#fitted(line)}\n`);
  }

  #fitted(line: string): string {
    return this.#system.tty.stderr ? wrap(line, this.#system.tty.columns) : line;
  }

  #hide(): void {
    this.#text = null;
    this.#spinner?.stop();
    this.#spinner = null;
  }

  async #show(): Promise<void> {
    const { default: ora } = await import('ora');
    this.#loading = null;
    // The stage may have ended while the package was loaded.
    if (this.#text === null) return;
    this.#spinner = ora({
      text: this.#text,
      stream: this.#system.stderr,
      discardStdin: false,
      // Killed without a word, this program could not show it again.
      hideCursor: false,
    }).start();
  }
}
