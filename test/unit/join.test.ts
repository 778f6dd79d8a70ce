import { describe, expect, test } from 'vitest';
import { differences, sameModel } from '../../src/keeper/join.ts';
import { keeperRecord, type KeeperRecord } from '../../src/keeper/record.ts';
import { vllmMlx } from '../../src/engines/vllm-mlx.ts';
import type { GatewayPlan } from '../../src/gateway/plan.ts';
import { planGateway } from '../../src/launch/plan-gateway.ts';
import type { KeeperPlan } from '../../src/launch/plan.ts';
import { rowNamed } from '../../src/models/resolve.ts';
import { shippedCatalog } from '../support/plans.ts';

const record: KeeperRecord = {
  schemaVersion: 1,
  id: '0a1b2c3d',
  pid: 77,
  socket: '/h/run/0a1b2c3d/k.sock',
  engine: 'vllm-mlx',
  python: '/h/venv/bin/python',
  serves: 'owner/name',
  weights: { repo: 'owner/name', revision: null, snapshotPath: null, trustCode: false },
  context: 32_768,
  privacy: 'standard',
  port: 8000,
  openPort: null,
  gateway: null,
  startedAt: '2026-11-21T12:00:00.000Z',
};

const plan: KeeperPlan = {
  engine: {
    id: 'vllm-mlx',
    dialect: 'anthropic',
    python: '/h/venv/bin/python',
    own: true,
    flags: [],
    env: {},
    serves: 'owner/name',
    prompts: { mode: 'simple', toolParser: 'hermes', templateKwargs: {} },
    why: 'a test',
  },
  weights: {
    repo: 'owner/name',
    revision: null,
    snapshotPath: null,
    complete: false,
    bytes: null,
    trustCode: false,
    hubCache: '/hub',
  },
  context: 32_768,
  diskCache: null,
  expects: null,
  idleUnloadMs: null,
  gateway: null,
  port: { wanted: null, first: 8000, last: 8019 },
  privacy: 'standard',
  stop: { interruptMs: 2000, killMs: 4000, askBeforeKill: false },
};
const gateway = planGateway({
  request: { direct: false, openPort: null, logRequests: false },
  row: { ...rowNamed('rehearsal', shippedCatalog), id: 'owner/name' },
  engine: vllmMlx,
  fields: {},
  context: 32_768,
});
const behind = (over: Partial<GatewayPlan> = {}): KeeperPlan => ({
  ...plan,
  gateway: gateway === null ? null : { ...gateway, ...over },
});
const gatewayRecord: KeeperRecord = { ...record, gateway: { logsRequests: false } };
const weights = (over: Partial<KeeperPlan['weights']>): KeeperPlan => ({
  ...plan,
  weights: { ...plan.weights, ...over },
});
const commitA = 'a'.repeat(40);
const commitB = 'b'.repeat(40);

describe('a keeper that meets the plan', () => {
  test.each<[string, KeeperRecord, KeeperPlan]>([
    ['is the same', record, plan],
    ['has a larger context', { ...record, context: 65_536 }, plan],
    ['is more private', { ...record, privacy: 'private' }, plan],
    ['listens on the port asked for', record, { ...plan, port: { wanted: 8000, first: 8000, last: 8000 } }],
    ['listens elsewhere where no port was asked for', { ...record, port: 8003 }, plan],
    ['has resolved main meanwhile', { ...record, weights: { ...record.weights, revision: commitA } }, plan],
    ['follows main, as a plan for a commit does', record, weights({ revision: commitA })],
    [
      'serves the same commit',
      { ...record, weights: { ...record.weights, revision: commitA } },
      weights({ revision: commitA }),
    ],
    ['has the gateway', gatewayRecord, behind()],
    ['has a port without a token, which was not asked for', { ...gatewayRecord, openPort: 8001 }, behind()],
    [
      'has a port without a token, some one',
      { ...gatewayRecord, openPort: 8001 },
      behind({ openPort: { wanted: null } }),
    ],
    ['has that port without a token', { ...gatewayRecord, openPort: 8001 }, behind({ openPort: { wanted: 8001 } })],
    [
      'serves the same folder',
      { ...record, weights: { ...record.weights, repo: null, snapshotPath: '/m' } },
      weights({ repo: null, snapshotPath: '/m' }),
    ],
  ])('%s', (_, found, wanted) => {
    expect(differences(found, wanted)).toEqual([]);
  });
});

describe('a keeper that does not', () => {
  test.each<[KeeperRecord, KeeperPlan, string]>([
    [{ ...record, context: 16_384 }, plan, 'it runs with a context of 16,384 tokens, 32,768 were asked for'],
    [record, { ...plan, privacy: 'private' }, 'it runs with standard privacy, private was asked for'],
    [
      record,
      { ...plan, port: { wanted: 9000, first: 9000, last: 9000 } },
      'it listens on port 8000, 9000 was asked for',
    ],
    [
      { ...record, python: '/other/python' },
      plan,
      'its engine runs with /other/python, /h/venv/bin/python was asked for',
    ],
    [
      { ...record, weights: { ...record.weights, revision: commitB } },
      weights({ revision: commitA }),
      'it serves commit bbbbbbb, aaaaaaa was asked for',
    ],
    [
      record,
      weights({ trustCode: true }),
      "it runs without the code of the model's repository, --trust-code was asked for",
    ],
    [
      { ...record, weights: { ...record.weights, trustCode: true } },
      plan,
      "it runs with the code of the model's repository (--trust-code), which was not asked for",
    ],
    [{ ...record, serves: 'alias' }, plan, 'it serves under the name alias, owner/name was asked for'],
    [{ ...record, serves: 'a/b' }, weights({ repo: 'owner/other' }), 'it serves a/b, owner/name was asked for'],
    [record, behind(), 'it runs without the gateway (--direct), which was not asked for'],
    [gatewayRecord, plan, 'it runs with the gateway, --direct was asked for'],
    [
      gatewayRecord,
      behind({ openPort: { wanted: null } }),
      'it has no port that asks for no token, --open-port was asked for',
    ],
    [
      { ...gatewayRecord, openPort: 8001 },
      behind({ openPort: { wanted: 8080 } }),
      'its port without a token is 8001, 8080 was asked for',
    ],
    [gatewayRecord, behind({ logRequests: true }), 'it writes no requests to a log, --log-requests was asked for'],
    [
      { ...gatewayRecord, gateway: { logsRequests: true } },
      behind(),
      'it writes requests and replies to a log (--log-requests), which was not asked for',
    ],
  ])('says so in words %#', (found, wanted, words) => {
    expect(differences(found, wanted)).toEqual([words]);
  });

  test('names every difference of the same model, and only the model where that is another', () => {
    const far: KeeperPlan = { ...plan, context: 65_536, port: { wanted: 9000, first: 9000, last: 9000 } };
    expect(differences(record, far)).toHaveLength(2);
    expect(differences(record, { ...far, weights: { ...plan.weights, repo: 'owner/other' } })).toHaveLength(1);
  });
});

test('two folders are two models, and so are a folder and a repository', () => {
  const folder = { ...record, weights: { ...record.weights, repo: null, snapshotPath: '/m' } };
  expect(sameModel(folder, weights({ repo: null, snapshotPath: '/n' }))).toBe(false);
  expect(sameModel(folder, plan)).toBe(false);
  expect(
    sameModel(
      { ...record, weights: { ...record.weights, snapshotPath: '/m' } },
      weights({ repo: null, snapshotPath: '/m' }),
    ),
  ).toBe(false);
});

describe('the record', () => {
  test('is read whole or not at all', () => {
    expect(keeperRecord(JSON.parse(JSON.stringify(record)))).toBe(true);
    for (const field of Object.keys(record)) {
      expect(keeperRecord({ ...record, [field]: undefined }), field).toBe(false);
    }
    for (const wrong of [
      { id: '../..' },
      { pid: 1.5 },
      { privacy: 'none' },
      { weights: { repo: 1 } },
      { schemaVersion: 2 },
    ]) {
      expect(keeperRecord({ ...record, ...wrong }), JSON.stringify(wrong)).toBe(false);
    }
    expect(keeperRecord([record])).toBe(false);
  });
});
