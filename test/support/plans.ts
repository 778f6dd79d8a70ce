import { nothingAdmitted } from '../../src/agents/agent.ts';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { findEngine } from '../../src/engines/index.ts';
import { planLaunch, type PlanInput } from '../../src/launch/plan-launch.ts';
import type { Plan } from '../../src/launch/plan.ts';
import type { LaunchRequest } from '../../src/launch/request.ts';
import { loadCatalog } from '../../src/models/load-catalog.ts';
import { modelFigures } from '../../src/models/memory/figures.ts';
import { rowNamed } from '../../src/models/resolve.ts';
import { assets } from '../../src/os/assets.ts';
import { pathsFor } from '../../src/os/paths.ts';
import { known, unknown, type Machine } from '../../src/preflight/machine.ts';

export const shippedCatalog = loadCatalog({ shippedPath: assets.catalog, userPath: null });

export const aRequest = (over: Partial<LaunchRequest> = {}): LaunchRequest => ({
  model: { kind: 'row', flag: 'gemma-light' },
  server: false,
  port: null,
  openPort: null,
  direct: false,
  logRequests: false,
  context: null,
  engine: null,
  idleUnloadMs: null,
  private: false,
  outTokens: null,
  memoryCheck: 'when-tight',
  raiseLimitMiB: null,
  web: false,
  shortPrompt: false,
  trustTools: false,
  trustCode: false,
  trustProject: false,
  withMemory: false,
  mcp: null,
  skills: [],
  shareConfig: false,
  keepEnv: [],
  airgap: false,
  dryRun: false,
  json: false,
  yes: false,
  agentArgs: [],
  ...over,
});

export const aMac: Machine = {
  platform: 'darwin',
  arch: 'arm64',
  chip: known('Apple M4'),
  macos: known('26.1'),
  ramBytes: known(32 * 1024 ** 3),
  workingSetBytes: known(26_800_595_763),
  wiredLimitMiB: known(0),
  availableBytes: known(20 * 1024 ** 3),
  pressure: known(1),
  gpuInUseBytes: known(0),
  engines: known([]),
};

export const aLinuxBox: Machine = { ...aMac, platform: 'linux', arch: 'x64', macos: unknown('not a Mac') };

/** A plan's input with everything in place: an engine set up, an agent found, no weights yet. */
export function planInput(over: Partial<PlanInput> & { request?: LaunchRequest; flag?: string } = {}): PlanInput {
  const { flag, ...rest } = over;
  const row = rowNamed(flag ?? 'gemma-light', shippedCatalog);
  const engine = findEngine(row.engine.id);
  return {
    request: aRequest({ model: { kind: 'row', flag: row.flag } }),
    facts: {
      machine: aMac,
      engine: { python: '/h/venv/bin/python', own: true, ready: true, flags: engine.lockedFlags },
      agent: { path: '/bin/claude', version: '2.1.329' },
      weights: { hubCache: '/h/hub', revision: null, snapshotPath: null, complete: false, bytes: null, hubBytes: null },
      keepers: [],
    },
    row,
    figures: modelFigures({ row, weights: null, config: null, observed: null }),
    words: [],
    engine,
    agent: claudeCode,
    paths: pathsFor({}, '/home/u'),
    memory: { verdict: 'fits', needBytes: null, limitBytes: null, raiseLimit: null, words: 'fits' },
    diskFreeBytes: null,
    storedBytes: null,
    prefillStep: 2048,
    measuredOn: null,
    join: null,
    admitted: nothingAdmitted,
    airgap: null,
    rehearsal: null,
    ...rest,
  };
}

export const aPlan = (over: Parameters<typeof planInput>[0] = {}): Plan => planLaunch(planInput(over));
