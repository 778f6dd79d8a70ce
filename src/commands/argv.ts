import { Command, CommanderError, Option } from 'commander';
import { engineNames } from '../launch/engine-choice.ts';
import type { Catalog, CatalogRow } from '../models/catalog.ts';
import { size } from '../report/units.ts';
import { refuse, unknownCommand } from './refuse-argv.ts';
import { lengthOfTime, several, wholeNumber } from './values.ts';

/** What was typed, as commander saw it; `agentArgs` is what followed `--`. */
export interface Parsed {
  readonly command:
    | 'launch'
    | 'list'
    | 'pull'
    | 'rm'
    | 'setup'
    | 'status'
    | 'stop'
    | 'logs'
    | 'dump'
    | 'restore'
    | 'uninstall'
    | 'clean'
    | 'clients'
    | 'fit'
    | 'bench'
    | 'help'
    | 'version';
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly modelFlags: readonly string[];
  readonly agentArgs: readonly string[];
  /** Text of --help, where that was asked for. */
  readonly help: string;
}

/** Reads argv into plain values. Fails with `usage` on what it does not know; starts and looks up nothing. */
export function parseArgv(argv: readonly string[], catalog: Catalog, version: string): Parsed {
  const dashes = argv.indexOf('--');
  const own = dashes === -1 ? argv : argv.slice(0, dashes);
  const agentArgs = dashes === -1 ? [] : argv.slice(dashes + 1);
  const found: { command: Parsed['command']; args: readonly string[]; options: Record<string, unknown> } = {
    command: 'launch',
    args: [],
    options: {},
  };
  const choose: Choose = (command, args, options) => Object.assign(found, { command, args, options });
  let printed = '';
  const program = tree(catalog, version, choose);
  program.configureOutput({
    writeOut: (text) => {
      printed += text;
    },
    writeErr: () => undefined,
  });
  // Most starts are a flag alone; making the commands takes as long as all the rest here.
  if (own.some((word) => !word.startsWith('-') || word === '-h' || word === '--help')) commands(program, choose);
  try {
    program.parse([...own], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.help' || error.code === 'commander.helpDisplayed') {
      return { command: 'help', args: [], options: {}, modelFlags: [], agentArgs, help: printed };
    }
    if (error.code === 'commander.version')
      return { command: 'version', args: [], options: {}, modelFlags: [], agentArgs, help: printed };
    return refuse(error, program);
  }
  const options = { ...program.opts(), ...found.options };
  const names = new Set(catalog.rows.flatMap((row) => [row.flag, ...row.aliases]));
  const modelFlags = program.options
    .filter((option) => names.has(option.name()) && options[option.attributeName()] === true)
    .map((option) => option.name());
  return { ...found, options, modelFlags, agentArgs, help: '' };
}

type Choose = (command: Parsed['command'], args: readonly string[], options: Record<string, unknown>) => void;

function tree(catalog: Catalog, version: string, choose: Choose): Command {
  const program = new Command('cclocal')
    .description(
      'Run a coding agent on a local model: picks the model, checks the memory, starts the engine, hands over the terminal.',
    )
    .usage('[model flag] [options] [-- arguments for the agent]')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .allowExcessArguments(true)
    .argument('[word...]')
    .action((rest: string[]) => {
      // The reference's --rm is a flag, so the words beside it are the models meant.
      const deletes = program.opts()['rm'] === true;
      if (rest[0] !== undefined && !deletes) unknownCommand(rest[0], program);
      choose(deletes ? 'rm' : 'launch', deletes ? rest : [], {});
    });
  for (const row of catalog.rows) {
    program.addOption(new Option(`--${row.flag}`, modelText(row, catalog)).helpGroup('Models:'));
    for (const alias of row.aliases)
      program.addOption(new Option(`--${alias}`, `the same as --${row.flag}`).helpGroup('Models:'));
  }
  program.addOption(
    new Option('--model <id>', 'any Hugging Face id, or a local folder (not tested)').helpGroup('Models:'),
  );
  options(program);
  return program.version(version, '--version', 'print the version');
}

function modelText(row: CatalogRow, catalog: Catalog): string {
  if (row.flag === 'rehearsal') return 'no model: tries the whole chain on a 4 MB stand-in';
  const download = row.downloadBytes === null ? '' : `, ${size(row.downloadBytes)}`;
  return `${row.label}${download}${row.flag === catalog.default.flag ? ' (default)' : ''}`;
}

function commands(program: Command, choose: Choose): void {
  const sub = (name: Parsed['command'], words: string, argument?: string): Command => {
    const command = program
      .command(name)
      .description(words)
      .exitOverride()
      .option('--json', 'one JSON document on standard output');
    command.configureOutput(program.configureOutput());
    if (argument !== undefined) command.argument(argument);
    command.action((...given: unknown[]) => {
      const args = argument === undefined ? [] : given[0];
      choose(name, Array.isArray(args) ? args.map(String) : [], command.opts());
    });
    return command;
  };
  sub('setup', 'install the engine (done by itself at first need)').option(
    '--again',
    'throw the installation away and make it anew',
  );
  sub('status', 'what is running');
  sub('stop', 'end what is running: all, or the ids that status shows', '[id...]').option('--all', 'all of it');
  sub('logs', 'the last lines of a log: engine (the usual one), gateway or session', '[part...]')
    .option('-f, --follow', 'and what comes, until Ctrl-C')
    .option('-n, --lines <n>', 'so many lines (usual: 40)', wholeNumber('--lines', 40, 0, 1_000));
  sub('dump', 'write down what every part is doing, without secrets or prompts, and say where');
  sub('fit', 'which models of the catalog fit this Mac').option(
    '--machine <file>',
    'a recorded Mac instead of this one (CCLOCAL_MACHINE)',
  );
  sub(
    'bench',
    'how fast models are read and written on this machine: all that are here and fit, or those named',
    '[model...]',
  )
    .option('--engine <name>', `on this engine: ${engineNames.join(', ')}`)
    .option('--all-engines', 'on every engine that can serve them');
  sub('restore', 'put the GPU limit back, where a killed session has left it raised');
  sub('pull', 'fetch models without starting them: rows of the catalog or ids of the hub', '[model...]')
    .option('--dry-run', 'only say what would be fetched')
    .option('--update', 'fetch the newest version, where the hub has one')
    .option('--trust-code', "fetch the code files of the model's repository too");
  sub('list', 'models in the Hugging Face cache (the same as --list)');
  sub('rm', 'delete models from the cache (the same as --rm)', '[id...]')
    .option('--leftovers', 'clear what downloads that were cut off have left')
    .option('--dry-run', 'only say what would go')
    .option('--yes', 'do not ask');
  sub('clean', 'remove what the engines keep on the disk of conversations')
    .option('--dry-run', 'only say what would go')
    .option('--yes', 'do not ask');
  sub('clients', 'tokens for other clients: clients add NAME, clients revoke NAME', '[action...]');
  sub('uninstall', 'remove what cclocal put on this machine')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'only say what would go');
}

function options(program: Command): void {
  program
    .option('--server', 'start only the engine and print the command for other terminals')
    .option('--list', 'list the models in the cache')
    .option('--rm', 'delete models from the cache')
    .option(
      '--out-tokens <n>',
      'output tokens a reply (usual: 8192)',
      wholeNumber('--out-tokens', 8192, 256, 1_000_000),
    )
    .option(
      '--context <n>',
      'context window in tokens (usual: 32768)',
      wholeNumber('--context', 32_768, 4_096, 1_000_000),
    )
    .option('--port <n>', 'public port (usual: the first free one from 8000)', wholeNumber('--port', 8000, 1, 65_535))
    .option(
      '--open-port [n]',
      'one more port, for programs that cannot send a token: every user of this machine can use it',
      wholeNumber('--open-port', 8080, 1, 65_535),
    )
    .option('--engine <name>', `another engine than the catalog's: ${engineNames.join(', ')}`)
    .option(
      '--idle-unload <time>',
      'end the engine when nothing was asked of it for so long (30m, 2h); the next request loads it again',
      lengthOfTime('--idle-unload', '30m'),
    )
    .option('--private', 'write nothing of the conversation to the disk')
    .option('--direct', 'leave the gateway out, for comparison')
    .option('--log-requests', 'write all requests and replies, with what is in them, to ~/.cclocal/logs')
    .option('--web', 'give the agent WebFetch too')
    .option(
      '--short-prompt',
      "a system prompt of 1,200 bytes in place of the agent's 4,500: read sooner; not measured with any real model",
    )
    .option('--trust-tools', 'let the agent run shell commands without asking')
    .option('--trust-code', "allow code files of the model's repository")
    .option('--trust-project', "load the project's settings, with its hooks, variables and permissions")
    .option('--with-memory', 'let the agent read your own CLAUDE.md')
    .option('--mcp <file>', 'give the agent the MCP servers of this file')
    .option('--skills <names>', 'give it these skills of yours, or those of a folder', several)
    .option('--share-config', "let it use your own Claude Code folder in place of cclocal's")
    .option('--keep-env <name>', 'hand this variable on to it; may be repeated', several)
    .option('--airgap', 'let it and all that it starts reach nothing but the model')
    .option('--safe', 'always show the memory menu')
    .option('--no-mem-check', 'never ask about memory')
    .option('--dry-run', 'print the plan and do nothing')
    .option('--json', 'one JSON document on standard output, all words on standard error')
    .option('--yes', 'agree to the download without being asked');
}
