import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { enginePython } from '../support/engine-python.ts';
import { hostPrograms } from '../support/pull-rig.ts';

const program = fileURLToPath(new URL('../fixtures/host/kinds_and_orphans.py', import.meta.url));

test('what a repository is that no engine can run; half-written files that nobody writes go, others stay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  try {
    const repository = join(folder, 'models--a--b');
    const [blob, locked, other] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
    mkdirSync(join(repository, 'blobs'), { recursive: true });
    const names = [`${blob}.12345678.incomplete`, `${blob}.incomplete`, blob].concat(
      [locked, other].map((name) => `${name}.12345678.incomplete`),
    );
    for (const name of names) writeFileSync(join(repository, 'blobs', name), Buffer.alloc(8_192, 1));
    const args = ['-I', '-B', program, hostPrograms.host, repository, blob, locked];
    const said = JSON.parse(execFileSync(enginePython(), args, { encoding: 'utf8' })) as {
      words: string[];
      freed: number;
      left: string[];
    };
    const kinds = [
      /no weights.*GGUF.*llama\.cpp/,
      /PyTorch.*mlx_lm\.convert/,
      /no config.*adapter/,
      /diffusers/,
      /Core ML/,
    ];
    for (const [index, kind] of [...kinds, /ONNX/, /npz/, /no model/].entries())
      expect(said.words[index]).toMatch(kind);
    expect(said.freed).toBe(8_192);
    // Older releases of the hub take up a file without random digits.
    expect(said.left).toEqual(names.slice(1).sort());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
