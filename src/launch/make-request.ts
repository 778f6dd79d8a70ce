import { fail } from '../errors.ts';
import { nearest } from '../models/nearest.ts';
import { engineNames, type EngineName } from './engine-choice.ts';
import type { LaunchRequest, ModelChoice } from './request.ts';

/** What a parser of argv hands over. */
export interface Typed {
  readonly options: Readonly<Record<string, unknown>>;
  /** Model flags given, as typed without dashes. */
  readonly modelFlags: readonly string[];
  readonly agentArgs: readonly string[];
}

/** Turns what was typed into a LaunchRequest. Fails with `usage` where two wishes exclude each other. Pure. */
export function makeRequest(
  { options, modelFlags, agentArgs }: Typed,
  env: Readonly<Record<string, string | undefined>>,
): LaunchRequest {
  const model = typeof options['model'] === 'string' ? options['model'] : null;
  const named = [...modelFlags.map((flag) => `--${flag}`), ...(model === null ? [] : ['--model'])];
  if (named.length > 1) {
    return fail({
      reason: 'usage',
      problem: `Two models at once: ${named.join(' and ')}.`,
      hint: `Name one, for example: cclocal ${named[0] ?? ''}${named[0] === '--model' ? ` ${model ?? ''}` : ''}`,
    });
  }
  if (options['server'] === true && agentArgs.length > 0) {
    return fail({
      reason: 'usage',
      problem: 'With --server no agent is started, so nothing can follow "--".',
      hint: 'Leave out one of the two.',
    });
  }
  const openPort = openPortOf(options['openPort']);
  if (options['direct'] === true && (openPort !== null || options['logRequests'] === true)) {
    return fail({
      reason: 'usage',
      problem: `--direct leaves the gateway out, and ${openPort === null ? '--log-requests' : '--open-port'} is a part of it.`,
      hint: 'Leave out one of the two.',
    });
  }
  if (options['direct'] === true && options['idleUnload'] !== undefined) {
    return fail({
      reason: 'usage',
      problem: '--direct leaves the gateway out, which is who would bring an unloaded engine back.',
      hint: 'Leave out one of the two.',
    });
  }
  if (options['private'] === true && options['logRequests'] === true) {
    return fail({
      reason: 'usage',
      problem: '--private writes nothing of a conversation to the disk, and --log-requests all of it.',
      hint: 'Leave out one of the two.',
    });
  }
  const safe = options['safe'] === true || env['CCLOCAL_FORCE_MEMCHECK'] === '1';
  const never = options['memCheck'] === false || env['CCLOCAL_NO_MEMCHECK'] === '1';
  if (options['safe'] === true && options['memCheck'] === false) {
    return fail({
      reason: 'usage',
      problem: '--safe and --no-mem-check exclude each other.',
      hint: 'Leave out one of the two.',
    });
  }
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  return {
    model: choice(modelFlags[0] ?? null, model),
    server: options['server'] === true,
    port: number('port'),
    openPort,
    direct: options['direct'] === true,
    logRequests: options['logRequests'] === true,
    context: number('context'),
    engine: engineOf(options['engine']),
    idleUnloadMs: number('idleUnload'),
    private: options['private'] === true || options['airgap'] === true,
    outTokens: number('outTokens'),
    memoryCheck: options['memCheck'] === false ? 'never' : safe ? 'always' : never ? 'never' : 'when-tight',
    raiseLimitMiB: null,
    web: options['web'] === true,
    shortPrompt: options['shortPrompt'] === true,
    trustTools: options['trustTools'] === true,
    trustCode: options['trustCode'] === true,
    ...isolation(options),
    dryRun: options['dryRun'] === true || Boolean(env['CCLOCAL_MACHINE']),
    json: options['json'] === true,
    yes: options['yes'] === true,
    agentArgs,
  };
}

/** What is let into a session, and what is kept from it. Fails with `usage` where two wishes exclude each other. */
function isolation(options: Typed['options']) {
  const airgap = options['airgap'] === true;
  const without = ['server', 'web', 'shareConfig'].find((name) => options[name] === true);
  if (airgap && without !== undefined) {
    const flag = { server: '--server', web: '--web', shareConfig: '--share-config' }[without] ?? without;
    return fail({
      reason: 'usage',
      problem: `--airgap and ${flag} exclude each other: ${airgapNot[without] ?? ''}.`,
      hint: 'Leave out one of the two.',
    });
  }
  if (airgap && options['logRequests'] === true) {
    return fail({
      reason: 'usage',
      problem: '--airgap writes nothing of a conversation to the disk, and --log-requests all of it.',
      hint: 'Leave out one of the two.',
    });
  }
  return {
    trustProject: options['trustProject'] === true,
    withMemory: options['withMemory'] === true,
    mcp: typeof options['mcp'] === 'string' ? options['mcp'] : null,
    skills: words(options['skills']),
    shareConfig: options['shareConfig'] === true,
    keepEnv: words(options['keepEnv']),
    airgap,
  };
}

const airgapNot: Readonly<Record<string, string>> = {
  server: 'it confines the agent that cclocal starts, and with --server there is none',
  web: 'nothing on the web can be reached',
  shareConfig: 'the agent would write to a folder of yours',
};

/** An option that may be given several times, each with one or more words between commas. */
const words = (option: unknown): readonly string[] =>
  Array.isArray(option)
    ? [...new Set(option.flatMap((one) => String(one).split(',')).filter((one) => one !== ''))]
    : [];

/** The option stands alone, or with a port. */
const openPortOf = (option: unknown): LaunchRequest['openPort'] =>
  option === true ? { wanted: null } : typeof option === 'number' ? { wanted: option } : null;

/** Fails with `usage` and the nearest name. */
function engineOf(given: unknown): EngineName | null {
  if (typeof given !== 'string') return null;
  const name = engineNames.find((one) => one === given);
  if (name !== undefined) return name;
  const near = nearest(given, engineNames);
  return fail({
    reason: 'usage',
    problem: `There is no engine "${given}".`,
    hint: near === null ? `There are: ${engineNames.join(', ')}.` : `Did you mean --engine ${near}?`,
  });
}

/** A path begins like one (`.`, `/`, `~`), everything else is an id on the hub. */
function choice(flag: string | null, model: string | null): ModelChoice {
  if (flag !== null) return { kind: 'row', flag };
  if (model === null) return { kind: 'ask' };
  if (/^[./~]/.test(model)) return { kind: 'folder', path: model };
  if (/^[\w.-]+\/[\w.-]+$/.test(model)) return { kind: 'id', id: model };
  return fail({
    reason: 'usage',
    problem: `"${model}" is neither a Hugging Face id nor a folder.`,
    hint: 'An id is owner/name, such as mlx-community/Qwen3-8B-4bit; a folder begins with ./ or /.',
  });
}
