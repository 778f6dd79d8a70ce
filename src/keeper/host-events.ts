import type { Failure } from '../errors.ts';
import { type Checked, either, list, number, object, oneOf, orNull, text, whole } from './shape.ts';

const file = object({ path: text, bytes: number, blob: orNull(text) });

/** What the engine host says, one JSON object a line (engines/host/events.py). */
export const hostEvent = either(
  object({ event: oneOf('fetching'), repo: orNull(text), revision: orNull(text), bytes: number, files: list(file) }),
  object({ event: oneOf('received'), bytes: number }),
  object({ event: oneOf('verifying'), done: number, total: number }),
  object({ event: oneOf('fetched'), snapshot: text, revision: orNull(text) }),
  object({ event: oneOf('engine'), pid: whole }),
  object({ event: oneOf('exited'), code: orNull(whole), signal: orNull(text) }),
  object({
    event: oneOf('failed'),
    stage: oneOf('config', 'fetch', 'check'),
    kind: oneOf(
      ...(['not-found', 'revision-gone', 'gated', 'unauthorized', 'unreachable', 'disk-full'] as const),
      ...(['cache-unusable', 'not-a-model', 'code-refused', 'model-file', 'incomplete', 'damaged', 'other'] as const),
    ),
    message: text,
  }),
);
export type HostEvent = Checked<typeof hostEvent>;
type HostFailure = Extract<HostEvent, { event: 'failed' }>;

/** What the words about a failed fetch need beside the host's own. */
export interface FetchContext {
  /** The model's id or folder. */
  readonly model: string;
  readonly hasToken: boolean;
  readonly endpoint: string;
  readonly hubCache: string;
  /** Bytes still to come; null = unknown. */
  readonly missingBytes: number | null;
  readonly logPath: string | null;
}

/** The failure behind a `failed` event. */
export function failureOf({ kind, message }: HostFailure, about: FetchContext): Failure {
  const id = about.model;
  switch (kind) {
    case 'not-found':
      return { reason: 'model-unknown', id, nearest: null };
    case 'revision-gone': {
      const problem = 'the hub no longer has the version of it that was asked for';
      return { reason: 'model-not-here', id, problem, hint: `Take the newest one: cclocal pull ${id} --update` };
    }
    case 'gated':
      return { reason: 'model-gated', id, token: about.hasToken ? 'no-access' : 'none' };
    case 'unauthorized':
      return { reason: 'model-gated', id, token: about.hasToken ? 'invalid' : 'none' };
    case 'unreachable':
      return { reason: 'hub-unreachable', endpoint: about.endpoint, problem: message };
    case 'disk-full':
      return {
        reason: 'disk-full',
        path: about.hubCache,
        doing: `fetching ${id}`,
        neededBytes: about.missingBytes,
      };
    case 'cache-unusable':
      return {
        reason: 'bad-file',
        path: about.hubCache,
        line: null,
        column: null,
        problem: `models cannot be kept there: ${message}`,
        hint: 'Make that folder writable, or set HF_HOME to another one.',
      };
    case 'not-a-model':
      return {
        reason: 'model-refused',
        id,
        problem: message,
        hint: 'Choose a repository with the weights in safetensors, such as those of mlx-community.',
      };
    case 'code-refused':
      return {
        reason: 'model-refused',
        id,
        problem: message,
        hint: 'If you have read that code and trust it, add --trust-code.',
      };
    case 'model-file':
      return {
        reason: 'model-refused',
        id,
        problem: message,
        hint: 'Choose a model that its engine knows without code of its own.',
      };
    case 'incomplete':
      return { reason: 'model-not-here', id, problem: message };
    case 'damaged': {
      const hint = 'Run the same command again: what is whole is kept, the rest is fetched anew.';
      return { reason: 'model-not-here', id, problem: message, hint };
    }
    case 'other':
      return { reason: 'keeper-failed', problem: message, logPath: about.logPath };
    default:
      return kind satisfies never;
  }
}
