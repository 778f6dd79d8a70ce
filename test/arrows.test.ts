import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Which rooms a room may import from. Its own files and src/errors.ts are always allowed. */
const allowed: Record<string, readonly string[]> = {
  errors: [],
  os: [],
  report: ['keeper', 'launch', 'models', 'preflight', 'agents', 'engines', 'gateway', 'os'],
  models: ['launch', 'os', 'preflight'],
  engines: ['os', 'launch', 'models', 'gateway'],
  agents: [],
  gateway: ['os'],
  limit: ['os'],
  dump: ['os', 'keeper', 'launch', 'report'],
  keeper: ['os', 'engines', 'gateway', 'launch', 'models', 'limit', 'dump'],
  preflight: ['os', 'models', 'launch', 'limit'],
  launch: ['os', 'engines', 'agents', 'keeper', 'models', 'preflight', 'report', 'gateway', 'limit'],
  commands: [
    'os',
    'dump',
    'engines',
    'agents',
    'keeper',
    'models',
    'preflight',
    'launch',
    'report',
    'gateway',
    'limit',
  ],
  cli: ['commands', 'dump', 'os', 'report', 'launch', 'models'],
};

/** Files that decide: no clock, no files, no processes, no network, no environment. */
const pure = [
  /^launch\/(plan|plan-launch|plan-gateway|plan-expects|patience|facts|request|make-request|what-to-run)\.ts$/,
  /^engines\/(?!setup\/|flags)[^/]+\.ts$/,
  /^agents\//,
  /^preflight\/(budget|need|prefill-step|reserve|observed-figures|machine-identity|verdict|holders|rank|engine-names|support|parse[^/]*)\.ts$/,
  /^models\/(catalog|resolve|nearest|memory\/observed)\.ts$/,
  /^keeper\/(join|protocol|record|predicted|supervise\/(backoff|cause|hang|health|safer))\.ts$/,
  /^limit\/(journal|guard-script|adopt|decide)\.ts$/,
  /^report\/[a-z-]+-text\.ts$/,
];
const impure =
  /from 'node:(fs|fs\/promises|child_process|net|http|os|timers[^']*)'|Date\.now|new Date\(\)|performance\.now|process\.|setTimeout|setInterval/;

interface Import {
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(text: string, file: string): Import[] {
  const found: Import[] = [];
  for (const [whole, path] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
    if (path === undefined) continue;
    const line = text.slice(0, text.indexOf(whole)).split('\n').length - 1;
    const statement = text
      .split('\n')
      .slice(Math.max(0, line - 30), line + 1)
      .join('\n');
    const typeOnly = /import type [^;]*$/.test(statement);
    found.push({ to: relative(src, join(src, dirname(file), path)), typeOnly });
  }
  return found;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    return { file, text, lines: text.split('\n').length - 1, imports: importsOf(text, file) };
  });
const room = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.ts$/, ''));

describe('the arrows between rooms', () => {
  test('every file was read and lies in a known room', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(files.map(({ file }) => room(file)).filter((name) => !(name in allowed))).toEqual([]);
  });

  test('point only where the table allows', () => {
    const wrong = files.flatMap(({ file, imports }) =>
      imports
        .filter(
          ({ to }) =>
            room(to) !== 'errors' && room(to) !== room(file) && !(allowed[room(file)] ?? []).includes(room(to)),
        )
        .map(({ to }) => `${file} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test('never run in a circle between files (types apart)', () => {
    const graph = new Map(
      files.map(({ file, imports }) => [file, imports.filter((one) => !one.typeOnly).map(({ to }) => to)]),
    );
    const circles: string[] = [];
    const done = new Set<string>();
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      if (done.has(file)) return;
      for (const to of graph.get(file) ?? []) walk(to, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) walk(file, []);
    expect(circles).toEqual([]);
  });
});

describe('small rooms', () => {
  test('no source file is longer than 250 lines', () => {
    expect(files.filter(({ lines }) => lines > 250).map(({ file, lines }) => `${file}: ${lines}`)).toEqual([]);
  });

  test('files that decide touch nothing outside', () => {
    const deciding = files.filter(({ file }) => pure.some((pattern) => pattern.test(file)));
    expect(deciding.length).toBeGreaterThan(10);
    expect(
      deciding
        .filter(({ text }) => impure.test(text))
        .map(({ file, text }) => `${file}: ${impure.exec(text)?.[0] ?? ''}`),
    ).toEqual([]);
  });
});
