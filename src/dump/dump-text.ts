import type { KeeperStatus } from '../keeper/protocol.ts';

/** What is written down of a moment: figures, states and log lines; no prompt, no reply. */
export interface DumpFacts {
  readonly version: string;
  readonly at: Date;
  /** Why it was written, as a sentence. */
  readonly why: string;
  /** The cclocal that writes it; `doing` = the last stage it said on its screen. */
  readonly writer: {
    readonly pid: number;
    readonly doing: string;
    readonly upSeconds: number;
    readonly residentBytes: number;
    readonly node: string;
    readonly platform: string;
  };
  /** What it failed with, as its fields. */
  readonly failure: object | null;
  readonly keepers: readonly KeeperStatus[];
  readonly silent: readonly string[];
  readonly logs: readonly { readonly path: string; readonly lines: readonly string[] }[];
}

/** The dump as a text for people: one heading a part, the parts of the keepers as JSON. Pure. */
export function dumpText(facts: DumpFacts): string {
  const { version, at, why, writer, failure, keepers, silent, logs } = facts;
  const parts: [string, string][] = [
    ['cclocal', `${version}, ${at.toISOString()}\n${why}`],
    ['this process', json(writer)],
    ...(failure === null ? [] : [['failure', json(failure)] as [string, string]]),
    ...keepers.map((keeper): [string, string] => [`keeper ${keeper.id}`, json(keeper)]),
    ...silent.map((id): [string, string] => [`keeper ${id}`, 'listens, but does not answer']),
    ...(keepers.length + silent.length === 0 ? [['keepers', 'none runs'] as [string, string]] : []),
    ...logs.map(({ path, lines }): [string, string] => [path, lines.length === 0 ? 'empty' : lines.join('\n')]),
  ];
  return `${parts.map(([heading, body]) => `== ${heading}\n${body}`).join('\n\n')}\n`;
}

const json = (value: object): string => JSON.stringify(value, null, 2);
