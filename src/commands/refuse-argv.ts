import type { Command, CommanderError } from 'commander';
import { fail } from '../errors.ts';
import { nearest } from '../models/nearest.ts';

/** Fails with `usage` for a word that is no command, with the one that was meant perhaps. */
export function unknownCommand(word: string, program: Command): never {
  const near = nearest(
    word,
    program.commands.map((command) => command.name()),
  );
  return fail({
    reason: 'usage',
    problem: `Unknown command "${word}".`,
    hint: near === null ? 'Type cclocal --help for what there is.' : `Did you mean "cclocal ${near}"?`,
  });
}

/** Fails with `usage` for what commander refused: a flag that is unknown (with the nearest there is) or lacks its value. */
export function refuse(error: CommanderError, program: Command): never {
  const flag = /'(-[^' ]*)/.exec(error.message)?.[1];
  if (error.code === 'commander.unknownOption' && flag !== undefined) {
    const known = [program, ...program.commands].flatMap(({ options }) => options);
    const near = nearest(
      flag,
      known.flatMap(({ long }) => (long == null ? [] : [long])),
    );
    return fail({
      reason: 'usage',
      problem: `Unknown flag ${flag}.`,
      hint:
        near === null
          ? 'Type cclocal --help for all flags; flags for the agent go behind "--".'
          : `Did you mean ${near}? (Flags for the agent go behind "--".)`,
    });
  }
  if (error.code === 'commander.optionMissingArgument' && flag !== undefined) {
    return fail({
      reason: 'usage',
      problem: `${flag} needs a value.`,
      hint: 'Type cclocal --help to see what each flag takes.',
    });
  }
  const detail = /(--[a-z-]+ needs a (?:whole number|time).*)$/.exec(error.message)?.[1];
  return fail({
    reason: 'usage',
    problem: detail ?? error.message.replace(/^error: /, ''),
    hint: 'Type cclocal --help for all flags.',
  });
}
