import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * An agent that does to a terminal what full-screen programs do, and puts nothing back: it says where its model is, and
 * after the key `s` asks for one reply after the other, saying how much of which is there. Returns the folder that makes
 * it be found before the real one.
 */
export function streamingAgent(folder: string): string {
  const bin = join(folder, 'agent');
  mkdirSync(bin);
  const program = join(bin, 'claude');
  writeFileSync(
    program,
    `#!${process.execPath}
if (process.argv[2] === '--version') { console.log('2.1.329 (Claude Code)'); process.exit(0); }
const { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: token, ANTHROPIC_MODEL: model } = process.env;
process.stdin.setRawMode(true);
process.stdout.write('\\x1b[?1049h\\x1b[?25l\\x1b[?2004h\\x1b[Hagent at ' + url);
const body = JSON.stringify({ model, max_tokens: 4096, stream: true, messages: [{ role: 'user', content: 'go on' }] });
const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + token };
let streams = 0;
async function stream() {
  for (;;) {
    try {
      const answer = await fetch(url + '/v1/messages', { method: 'POST', headers, body });
      if (answer.status !== 200) throw new Error(String(answer.status));
      streams += 1;
      let pieces = 0;
      for await (const piece of answer.body) {
        pieces += 1;
        process.stdout.write('\\x1b[3;1Hstream ' + streams + ', ' + pieces + ' pieces');
      }
    } catch { await new Promise((resolve) => setTimeout(resolve, 50)); }
  }
}
process.stdin.on('data', (keys) => { if (String(keys) === 's') void stream(); });
`,
  );
  chmodSync(program, 0o755);
  return bin;
}
