import { claudeCode } from '../../agents/claude-code.ts';
import { askKeeper } from '../../keeper/ask.ts';
import type { GuardDoors } from '../../limit/look.ts';
import type { Catalog } from '../../models/catalog.ts';
import type { Paths } from '../../os/paths.ts';
import type { System } from '../../os/system.ts';
import type { Screen } from '../../report/screen.ts';
import type { EngineName } from '../engine-choice.ts';
import { Lifeline } from '../lifeline.ts';
import { makeRequest } from '../make-request.ts';
import { openSession } from '../open-session.ts';
import { prepare } from '../prepare.ts';
import { buildRehearsal } from '../rehearsal.ts';
import type { ModelChoice } from '../request.ts';
import { measure } from './measure.ts';
import type { BenchResult } from './results.ts';
import { timedRequest } from './timed-request.ts';

export interface BenchOrder {
  readonly system: System;
  readonly paths: Paths;
  readonly screen: Screen;
  readonly catalog: Catalog;
  readonly choice: Exclude<ModelChoice, { kind: 'ask' }>;
  readonly engine: EngineName;
  /** As `machineIdentity` names it. */
  readonly machine: string | null;
  /** How far this engine's measurement is, 0 to 1, and what is done now. */
  readonly onProgress: (share: number, doing: string) => void;
  /** Stand-ins of the tests for a Mac's tools. */
  readonly guard?: GuardDoors;
}

/**
 * Starts a keeper with this engine as a launch does, measures through its gateway, and ends it again, also on Ctrl-C.
 * Private: nothing of it is kept on the disk, nothing kept there makes it faster, and estimates of real sessions stay as
 * they are. Null = the user left the memory menu. Fails with what a launch fails with.
 */
export async function runBench(order: BenchOrder): Promise<BenchResult | null> {
  const { system, paths, screen, choice, engine, machine, onProgress } = order;
  const lifeline = new Lifeline(process);
  try {
    const model = choice.kind === 'row' ? {} : { model: choice.kind === 'id' ? choice.id : choice.path };
    const options = { ...model, server: true, private: true, engine };
    const modelFlags = choice.kind === 'row' ? [choice.flag] : [];
    const request = makeRequest({ options, modelFlags, agentArgs: [] }, system.env);
    const prepared = await lifeline.during(prepare({ ...order, request, agent: claudeCode, lifeline }));
    if (prepared === null) return null;
    const { plan } = prepared;
    const { snapshotPath, revision } = plan.keeper.weights;
    if (prepared.row.flag === 'rehearsal') {
      const build = {
        paths,
        python: plan.keeper.engine.python,
        folder: snapshotPath ?? '',
        path: system.env['PATH'] ?? '',
      };
      await lifeline.during(buildRehearsal({ ...build, onBuild: () => onProgress(0, 'building the rehearsal model') }));
    }
    const launch = { ...order, ...prepared, agent: claudeCode, lifeline, cwd: paths.home };
    const { link } = await openSession(launch);
    const { url, token } = link;
    const served = plan.model.name;
    const measured = await lifeline.during(
      measure({
        ask: (messages, maxTokens) =>
          timedRequest({ url, token, model: served, messages, maxTokens, signal: lifeline.ended }),
        mostTokens: Math.floor(plan.keeper.context / 2),
        onProgress,
      }),
    );
    onProgress(1, 'asking for its memory');
    const status = await lifeline.during(askKeeper(paths, link.keeper.id));
    const peakBytes = typeof status === 'string' ? null : (status.memoryBytes.enginePeak?.bytes ?? null);
    return { model: served, revision, engine, machine, at: new Date().toISOString(), ...measured, peakBytes };
  } finally {
    for (const { name, error } of await lifeline.end())
      screen.say(`cclocal: could not clean up ${name}: ${String(error)}`);
  }
}
