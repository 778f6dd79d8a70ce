/**
 * The setting that shows the first line of a file under the prompt. Measured on 2.1.197 and 2.1.329: `refreshInterval` is in
 * seconds, 1 is the least (less is ignored without a word, and then the line changes with the conversation only), it goes
 * on while a reply is waited for, and a file that is not there leaves the line empty. The command is run by a shell.
 */
export function statusLine(file: string): object {
  // By its whole path: the PATH that the agent runs it with may begin with a folder of the project's.
  return { type: 'command', command: `/bin/cat ${quoted(file)} 2>/dev/null`, refreshInterval: 1 };
}

/** Always in quotes, which leave nothing for a shell to do. */
export const quoted = (path: string): string => `'${path.replaceAll("'", String.raw`'\''`)}'`;
