import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { borrowedVenv } from './borrowed-venv.ts';

export interface Script {
  readonly load?: 'ok' | 'model-type' | 'metal' | 'import' | 'hang';
  readonly loadSeconds?: number;
  readonly deaf?: boolean;
  /** Time that the reading of a prompt takes, whatever it holds, and the tokens that it then says to have read. */
  readonly prefill?: { readonly seconds: number; readonly tokens: number };
  /** A reply has so many words more, one every 50 ms for as long as somebody reads it. */
  readonly words?: number;
}

export interface Arrived {
  /** Nanoseconds on the monotonic clock, the one of process.hrtime.bigint() on Linux. */
  readonly ns: number;
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * An installation of an engine of the user's own (what CCLOCAL_ENGINE is for) that holds the stand-in of
 * test/fixtures/scripted-engine instead of vllm-mlx, for what the real one cannot be made to do on a CPU. Also makes
 * a folder that passes for a model. `env` goes to cclocal.
 */
export function scriptedEngine(folder: string, script: Script = {}) {
  // Its package hides the real one of the same name.
  const program = borrowedVenv(
    join(folder, 'engine'),
    fileURLToPath(new URL('../fixtures/scripted-engine', import.meta.url)),
  );
  const requests = join(folder, 'requests.jsonl');
  const scriptFile = join(folder, 'script.json');
  writeFileSync(scriptFile, JSON.stringify({ ...script, requests }));
  return {
    program,
    requests: (): readonly Arrived[] =>
      existsSync(requests)
        ? readFileSync(requests, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Arrived)
        : [],
    env: { CCLOCAL_ENGINE: program, VLLM_MLX_SCRIPT: scriptFile },
    model: modelFolder(join(folder, 'model')),
  };
}

/** A folder that has the files of a model; nobody reads its weights. */
function modelFolder(folder: string): string {
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'llama', max_position_embeddings: 131_072 }));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(folder, file), '{}');
  writeFileSync(join(folder, 'model.safetensors'), 'weights');
  return folder;
}
