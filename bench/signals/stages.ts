import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { rehearsalFolder } from '../../src/launch/rehearsal.ts';
import { pathsFor } from '../../src/os/paths.ts';
import { sendPrompt, trustFolder } from '../../test/support/claude-terminal.ts';
import { enginePython } from '../../test/support/engine-python.ts';
import { makeFakeUv } from '../../test/support/fake-uv.ts';
import { startHub } from '../../test/support/hub.ts';
import type { PtySession } from '../../test/support/pty.ts';
import type { Rig } from '../../test/support/rig.ts';
import { scriptedEngine, type Script } from '../../test/support/scripted-engine.ts';
import { untilSo } from '../../test/support/until.ts';
import type { Phase } from './cells.ts';
import { streamingAgent } from './stand-in.ts';

/**
 * The folder of a model that answers with many words (`buildTalking`), for the real engine with the real agent, and the
 * real pip; null = stand-ins for all three.
 */
export type Talking = string | null;

/** What brings a session into a phase. */
export interface Stage {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Settles when the phase has been reached. */
  readonly reached: (session: PtySession) => Promise<unknown>;
  /** Settles when the session works again after its engine has gone. */
  readonly works: (session: PtySession) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

/** What stands last in the talking model's reply. */
export const lastWords = 'These were all the words.';

const nothing = (): Promise<void> => Promise.resolve();
const waitMs = 40_000;

export const stageOf = (phase: Phase, rig: Rig, talking: Talking): Promise<Stage> => stages[phase](rig, talking);

const stages: Readonly<Record<Phase, (rig: Rig, talking: Talking) => Promise<Stage>>> = {
  'set-up': (rig, talking) => (talking === null ? setUpByStandIn(rig) : setUpByPip(rig)),
  download,
  loading: (rig, talking) => serving(rig, talking, { loadSeconds: 3, words: 60 }, 'loading'),
  ready: (rig, talking) => serving(rig, talking, { words: 60 }, 'ready'),
  streaming: (rig, talking) => serving(rig, talking, { words: 60 }, 'streaming'),
  deaf: (rig, talking) => serving(rig, talking, { words: 60, deaf: true }, 'deaf'),
};

const setUpEnv = (rig: Rig, bin: string): Record<string, string> => ({
  CCLOCAL_ENGINE: '',
  PATH: [bin, join(rig.home, 'bin'), rig.env['PATH']].join(delimiter),
});

const python = (): string => realpathSync(enginePython());

async function setUpByStandIn(rig: Rig): Promise<Stage> {
  const uv = makeFakeUv(rig.home, python());
  uv.behave('hang');
  return Promise.resolve({
    args: ['--rehearsal'],
    env: setUpEnv(rig, uv.bin),
    reached: () => untilSo(() => existsSync(uv.hangs)),
    works: nothing,
    close: nothing,
  });
}

/** The real pip, at a package index that takes its question and never answers. */
async function setUpByPip(rig: Rig): Promise<Stage> {
  const bin = join(rig.home, 'pythons');
  mkdirSync(bin);
  symlinkSync(python(), join(bin, 'python3'));
  let asked = (): void => undefined;
  const question = new Promise<void>((resolve) => (asked = resolve));
  const index = createServer((socket) => {
    socket.on('error', () => undefined).resume();
    asked();
  });
  await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
  const { port } = index.address() as AddressInfo;
  return {
    args: ['--rehearsal'],
    env: { ...setUpEnv(rig, bin), PIP_INDEX_URL: `http://127.0.0.1:${port}/simple` },
    reached: () => question,
    works: nothing,
    close: () => new Promise((resolve) => index.close(resolve)),
  };
}

/** The hub's own downloader, at a hub that takes minutes for it. */
async function download(rig: Rig): Promise<Stage> {
  const engine = scriptedEngine(rig.home);
  writeFileSync(join(engine.model, 'model.safetensors'), Buffer.alloc(20_000_000, 'weights'));
  const hub = await startHub({ repos: { 'org/model': engine.model }, bytesPerSecond: 100_000 });
  return {
    args: ['--model', 'org/model'],
    env: { ...engine.env, HF_ENDPOINT: hub.url },
    reached: (session) => session.waitFor(/Fetching the model: \d/, waitMs),
    works: nothing,
    close: () => hub.close(),
  };
}

type Serving = Extract<Phase, 'loading' | 'ready' | 'streaming' | 'deaf'>;

async function serving(rig: Rig, talking: Talking, script: Script, phase: Serving): Promise<Stage> {
  const engine = talking === null || phase === 'deaf' ? scriptedEngine(rig.home, script) : null;
  const agent = talking === null ? standIn(rig) : realAgent(engine === null);
  if (talking !== null && engine === null) {
    const folder = rehearsalFolder(pathsFor({ CCLOCAL_HOME: rig.cclocalHome }, rig.home));
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
    cpSync(talking, folder, { recursive: true });
  }
  return Promise.resolve({
    args: engine === null ? ['--rehearsal'] : ['--model', engine.model],
    env: { ...engine?.env, ...agent.env },
    reached: async (session) => {
      if (phase === 'loading') {
        await session.waitFor(/Loading the model into memory/, waitMs);
        return;
      }
      await agent.starts(session);
      if (phase !== 'ready') await agent.streams(session, 1);
    },
    works: async (session) => {
      if (phase === 'loading') await agent.starts(session);
      if (phase === 'loading' || phase === 'ready') return agent.streams(session, 1);
      return agent.streams(session, 2);
    },
    close: nothing,
  });
}

interface AgentDriver {
  readonly env: Readonly<Record<string, string>>;
  readonly starts: (session: PtySession) => Promise<unknown>;
  /** Lets it ask for its first reply, or waits until it gets words again after the first one broke off. */
  readonly streams: (session: PtySession, time: 1 | 2) => Promise<unknown>;
}

function standIn(rig: Rig): AgentDriver {
  return {
    env: { PATH: [streamingAgent(rig.home), join(rig.home, 'bin'), rig.env['PATH']].join(delimiter) },
    starts: (session) => session.waitFor(/agent at http/, waitMs),
    streams: (session, time) => {
      if (time === 1) session.type('s');
      return session.waitFor(new RegExp(`stream ${time}, \\d+ pieces`), waitMs);
    },
  };
}

const realAgent = (talks: boolean): AgentDriver => ({
  env: {},
  starts: trustFolder,
  streams: async (session, time) => {
    if (time === 1) await sendPrompt(session, 'say them');
    if (talks) return session.waitFor(time === 1 ? /Word 3 is said/ : lastWords, waitMs);
    return session.waitFor(/● word word/, waitMs);
  },
});
