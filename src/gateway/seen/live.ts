import type { Prefill } from '../model.ts';
import type { ReceivedRequest, RepairCounts } from '../watcher.ts';

export const repairKinds = [
  'systemText',
  'thinking',
  'toolSchemas',
  'toolArguments',
  'textCalls',
  'truncationNotice',
  'emptyText',
] as const satisfies readonly (keyof RepairCounts)[];

export const outcomes = ['done', 'failed', 'refused', 'cancelled'] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * What is known of a request in flight: its watch and the poll write it, the views read it. Times are milliseconds on
 * the monotonic clock, null = not yet.
 */
export interface Live {
  readonly about: ReceivedRequest;
  readonly receivedAt: number;
  /** Tokens of the prompt, as counted. */
  prompt: { readonly tokens: number; readonly exact: boolean } | null;
  sentAt: number | null;
  /** The engine's word on its reading, and when it came; null = it says nothing of it. */
  read: (Prefill & { readonly at: number }) | null;
  /** Tokens of the prompt that the engine had kept from before; null = not told. */
  cached: number | null;
  /** When the engine began to write: by its own word, else with the first content. */
  writingAt: number | null;
  /** First content of the reply. */
  beganAt: number | null;
  /** Pieces of the reply so far: counted once a token, so nothing else is done there. */
  pieces: number;
  /** Tokens that the engine says it has written, those that it holds back (tool calls) among them. */
  written: number;
  /** The tool whose call it writes; null = it writes something else, or does not write. */
  tool: string | null;
  /** Its client has gone and may come back. */
  left: boolean;
  readonly repairs: Map<keyof RepairCounts, number>;
}

export function newLive(about: ReceivedRequest, now: number): Live {
  return {
    about,
    receivedAt: now,
    prompt: null,
    sentAt: null,
    read: null,
    cached: null,
    writingAt: null,
    beganAt: null,
    pieces: 0,
    written: 0,
    tool: null,
    left: false,
    repairs: new Map(),
  };
}

/** It goes to the engine, or goes there once more: what the engine said the time before means nothing now. */
export function toEngine(live: Live, now: number): void {
  live.sentAt = now;
  live.read = null;
  live.cached = null;
  live.writingAt = null;
  live.beganAt = null;
  live.pieces = 0;
  live.written = 0;
  live.tool = null;
}

export type Stage = 'counting' | 'waiting' | 'prefill' | 'writing';

export function stageOf(live: Live): Stage {
  if (live.sentAt === null) return live.prompt === null ? 'counting' : 'waiting';
  return live.writingAt === null ? 'prefill' : 'writing';
}

/** Tokens of its conversation that the engine has read or written by now, as far as it tells. */
export function tokensHeld(live: Live): number {
  if (live.writingAt === null) return (live.cached ?? 0) + (live.read?.done ?? 0);
  return (live.prompt?.tokens ?? 0) + Math.max(live.pieces, live.written);
}

/** Tokens written so far, and how many a second; null until that says something. */
export function writingOf(live: Live, now: number): { readonly tokens: number; readonly perSecond: number | null } {
  const tokens = Math.max(live.pieces, live.written);
  const seconds = (now - (live.writingAt ?? now)) / 1000;
  return { tokens, perSecond: perSecond(tokens, seconds) };
}

/** Tokens a second; null where it was too short to tell. */
export const perSecond = (tokens: number, seconds: number): number | null =>
  seconds >= 0.2 && tokens > 1 ? tokens / seconds : null;
