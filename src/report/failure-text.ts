import type { Failure } from '../errors.ts';
import { causeHint, causeText } from './cause-text.ts';
import { givenUpText } from './given-up-text.ts';
import { count, duration, size } from './units.ts';

/** A failure in words: what happened and why, then what to type or do next. Each a line. */
export interface FailureText {
  readonly what: string;
  readonly next: string;
}

/** The one switch from facts to words. Pure; a failure without words does not compile. */
export function failureText(failure: Failure): FailureText {
  switch (failure.reason) {
    case 'usage':
      return { what: failure.problem, next: failure.hint };
    case 'needs-yes':
      return {
        what: `There is no terminal to ask in, and no model was named. This would ${failure.what}${failure.bytes === null ? '' : ` (${size(failure.bytes)})`}.`,
        next: 'Add --yes to agree, or name a model such as --gemma-light.',
      };
    case 'cancelled':
      return { what: `Stopped: ${failure.what}.`, next: 'Nothing was changed.' };
    case 'platform-unsupported':
      return { what: failure.problem, next: failure.hint };
    case 'cwd-gone':
      return { what: 'The folder you are in was deleted.', next: 'cd to an existing folder and run cclocal again.' };
    case 'home-unusable':
      return { what: `cclocal cannot keep its files in ${failure.path}: ${failure.problem}.`, next: failure.hint };
    case 'disk-full':
      return diskText(failure);
    case 'bad-file': {
      const where =
        failure.line === null
          ? ''
          : ` line ${failure.line}${failure.column === null ? '' : `, column ${failure.column}`}:`;
      return { what: `${failure.path}:${where} ${failure.problem}.`, next: failure.hint };
    }
    case 'python-missing':
      return {
        what: `No Python 3.11 to 3.13 that can make a venv was found${failure.passedOver.length === 0 ? '' : ` (passed over: ${failure.passedOver.join('; ')})`}.`,
        next: failure.hint,
      };
    case 'setup-failed':
      return { what: `Setting up the engine failed at "${failure.step}": ${failure.problem}.`, next: failure.hint };
    case 'engine-missing':
      return { what: `CCLOCAL_ENGINE points to ${failure.path}: ${failure.problem}.`, next: failure.hint };
    case 'model-unknown':
      return {
        what: `There is no model "${failure.id}" on the hub (or it is private).`,
        next:
          failure.nearest === null ? 'Check the spelling of the id: owner/name.' : `Did you mean ${failure.nearest}?`,
      };
    case 'model-gated':
      return gatedText(failure.id, failure.token);
    case 'model-refused':
      return { what: `The model ${failure.id} was refused: ${failure.problem}.`, next: failure.hint };
    case 'model-not-here':
      return {
        what: `The model ${failure.id} is not complete on this machine: ${failure.problem}.`,
        next: failure.hint ?? 'Run the same command again with a network: only what is missing is fetched.',
      };
    case 'hub-unreachable':
      return {
        what: `The model hub ${failure.endpoint} could not be reached: ${failure.problem}.`,
        next: 'Check the network or proxy and run the same command again; complete files are kept. Models already here work offline.',
      };
    case 'download-stalled':
      return {
        what: `The download of ${failure.id} stood still for ${duration(failure.afterSeconds)} at ${size(failure.doneBytes)}${failure.totalBytes === null ? '' : ` of ${size(failure.totalBytes)}`}.`,
        next: 'Run the same command again: complete files are kept. CCLOCAL_STALL_SECONDS sets how long to wait.',
      };
    case 'memory-too-small': {
      const by = failure.heldBy.join(' and ');
      const held = by === '' ? '' : `, ${size(failure.heldBytes)} of it held by ${by}`;
      const instead = failure.nearest === null ? null : `use --${failure.nearest} instead`;
      const ways = [...(by === '' ? [] : [`end ${by}`]), ...(instead === null ? [] : [instead])];
      return {
        what: `${failure.model} needs ${size(failure.needBytes)} of GPU memory even with a small context; this machine allows ${size(failure.limitBytes)}${held}.`,
        next:
          ways.length === 0
            ? 'No model of the catalog fits this machine.'
            : `${sentence([...ways, 'try anyway with --no-mem-check'].join(', or '))}.`,
      };
    }
    case 'limit-not-raised':
      return {
        what: `The GPU limit was not raised to ${count(failure.wantedMiB)} MiB: ${failure.problem}.`,
        next: failure.hint,
      };
    case 'limit-not-restored':
      return { what: `The GPU limit was not put back: ${failure.problem}.`, next: failure.hint };
    case 'port-taken':
      return failure.first === failure.last
        ? {
            what: `Port ${failure.first} is in use by another program.`,
            next: 'Choose another, or leave the number out to take the next free one.',
          }
        : {
            what: `All ports from ${failure.first} to ${failure.last} are in use.`,
            next: 'Choose a free one with --port N.',
          };
    case 'engine-exited':
      return {
        what: `The engine ended (${endedHow(failure)}): ${causeText(failure.cause)}`,
        next: `${causeHint(failure.cause)} Its log: ${failure.logPath}`,
      };
    case 'engine-given-up':
      return givenUpText(failure);
    case 'engine-not-ready':
      return {
        what: `The engine gave no sign of being ready for ${duration(failure.waitedMs / 1000)}.`,
        next: `Look into its log, ${failure.logPath}, or try a smaller model.`,
      };
    case 'keeper-differs':
      return {
        what: `This model is already running, but not as you asked: ${failure.differences.join('; ')}.`,
        next: failure.hint,
      };
    case 'keeper-failed':
      return {
        what: `The background process that owns the engine could not start: ${failure.problem}.`,
        next: failure.logPath === null ? 'Run the same command again.' : `Its log: ${failure.logPath}`,
      };
    case 'keeper-lost':
      return {
        what: 'The background process that owned the engine is gone, so the session was ended.',
        next: `Run the same command again${failure.logPath === null ? '' : `; its log: ${failure.logPath}`}. In the agent, /resume continues the conversation.`,
      };
    case 'keeper-stopped':
      return {
        what: 'Somebody ended this model with "cclocal stop", so the session was ended.',
        next: 'Start it again with the same command; in the agent, /resume continues the conversation.',
      };
    case 'agent-missing':
      return {
        what: `${failure.agent} is not installed (no such command on PATH).`,
        next: `Install it with: ${failure.install}`,
      };
    case 'agent-unstartable':
      return {
        what: `${failure.file} could not be started: ${failure.problem}.`,
        next: 'Check that it runs by itself, then try again.',
      };
    case 'agent-forbidden':
      return {
        what: `This machine's managed settings rule out ${failure.agent} on a local model: "${failure.setting}" in ${failure.path}; ${failure.why}.`,
        next: 'Ask your administrator. cclocal does not get around managed settings.',
      };
    case 'airgap-unavailable':
      return { what: `The agent cannot be kept from the network here: ${failure.problem}.`, next: failure.hint };
    case 'rehearsal-failed':
      return {
        what: `The rehearsal failed at "${failure.stage}": ${failure.problem}.`,
        next:
          failure.logPath === null ? 'Run it again with --dry-run to see the plan.' : `Look into ${failure.logPath}`,
      };
    default:
      return failure satisfies never;
  }
}

function diskText({ path, doing, neededBytes, room }: Extract<Failure, { reason: 'disk-full' }>): FailureText {
  const again = 'and run the same command again; what is complete is kept.';
  if (room === undefined || neededBytes === null) {
    return {
      what: `The disk is full at ${path}, while ${doing}${neededBytes === null ? '' : ` (${size(neededBytes)} needed)`}.`,
      next: `Free some space (cclocal --rm deletes models) ${again}`,
    };
  }
  const { freeBytes, models, modelBytes } = room;
  const what = `There is too little room at ${path} for ${doing}: ${size(neededBytes)} needed, ${size(freeBytes)} free.`;
  return models.length === 0
    ? { what, next: `Free ${size(neededBytes - freeBytes)} more ${again}` }
    : { what, next: `This would free enough (${size(modelBytes)}): cclocal rm ${models.join(' ')}` };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function gatedText(id: string, token: 'none' | 'no-access' | 'invalid'): FailureText {
  const gated = `The model ${id} is gated: its owner lets only people in who accepted its terms`;
  const terms = `https://huggingface.co/${id}`;
  switch (token) {
    case 'none':
      return { what: `${gated}.`, next: `Accept the terms at ${terms}, then set HF_TOKEN or run "hf auth login".` };
    case 'no-access':
      return {
        what: `${gated}, and your token is not theirs.`,
        next: `Open ${terms} with your account, accept the terms, and run the same command again.`,
      };
    case 'invalid':
      return {
        what: `The model hub did not accept your token when asked for ${id}.`,
        next: 'Put a valid one into HF_TOKEN or run "hf auth login"; for an open model, unset HF_TOKEN.',
      };
    default:
      return token satisfies never;
  }
}

function endedHow(exit: { code: number | null; signal: string | null }): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : exit.signal;
}
