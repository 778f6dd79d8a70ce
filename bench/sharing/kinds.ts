import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import type { Rig } from '../../test/support/rig.ts';
import { scriptedEngine } from '../../test/support/scripted-engine.ts';
import { beatingAgent, beatsFile } from './beating-agent.ts';

/** What sessions are made of: two models, and an agent that leaves a trace of its work in the session's folder. */
export interface Kind {
  readonly env: Readonly<Record<string, string>>;
  /** Arguments for either of the two models. */
  readonly args: readonly [readonly string[], readonly string[]];
  readonly work: (folder: string, output: string, stoppedAt: number) => Work;
}

/** What a session's agent has done. */
export interface Work {
  /** Replies, or calls carried out. */
  readonly done: number;
  /** What tells its token from others; null = not known. */
  readonly token: string | null;
  /** What disturbed it before `stoppedAt` (ms since 1970); empty = nothing. */
  readonly wrong: readonly string[];
}

/** The scripted engine twice, and an agent that asks all the time. */
export function standIns(rig: Rig): Kind {
  const second = join(rig.home, 'second');
  mkdirSync(second);
  const engines = [scriptedEngine(rig.home, { words: 2 }), scriptedEngine(second)] as const;
  return {
    env: { ...engines[0].env, PATH: [beatingAgent(rig.home), rig.env['PATH']].join(delimiter) },
    args: [
      ['--model', engines[0].model],
      ['--model', engines[1].model],
    ],
    work: (folder, _, stoppedAt) => {
      const [token, ...beats] = linesOf(join(folder, beatsFile));
      const before = beats.filter((line) => Number.parseInt(line, 10) < stoppedAt);
      return {
        done: before.filter((line) => line.endsWith(' ok')).length,
        token: token ?? null,
        wrong: before.filter((line) => !line.endsWith(' ok')),
      };
    },
  };
}

/** Calls that each real session has to do; more than it is given time for. */
export const callsEach = 60;

/** The real engine with two models that append one number after the other, and the real agent. */
export function realParts(models: readonly [string, string]): Kind {
  const asked = ['--trust-tools', '--', '-p', 'Append the numbers.', '--output-format', 'stream-json', '--verbose'];
  return {
    env: {},
    args: [
      ['--model', models[0], ...asked],
      ['--model', models[1], ...asked],
    ],
    work: (folder, output) => {
      const numbers = linesOf(join(folder, 'numbers.txt'));
      const wrong = numbers.flatMap((line, index) => (line === `${index + 1}` ? [] : [`call ${index + 1}: ${line}`]));
      return { done: numbers.length, token: null, wrong: [...wrong, ...errorsIn(output)] };
    },
  };
}

const message = z.looseObject({ type: z.string(), is_error: z.boolean().optional(), result: z.string().optional() });

/** What the agent itself said went wrong. */
const errorsIn = (output: string): readonly string[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => message.parse(JSON.parse(line)))
    .filter(({ is_error }) => is_error === true)
    .map(({ result }) => result ?? 'an error');

const linesOf = (file: string): readonly string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
