import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** File in the folder of a session to which its agent adds a line after each reply. */
export const beatsFile = 'beats';

/**
 * An agent that asks for one reply after the other and writes down what came of each: milliseconds since 1970, then "ok" or
 * what was wrong with it. Its first line is a fingerprint of its token. Returns the folder that makes it be found before
 * the real one.
 */
export function beatingAgent(folder: string): string {
  const bin = join(folder, 'agent');
  mkdirSync(bin);
  const program = join(bin, 'claude');
  writeFileSync(
    program,
    `#!${process.execPath}
if (process.argv[2] === '--version') { console.log('2.1.329 (Claude Code)'); process.exit(0); }
const { appendFileSync } = require('node:fs');
const { createHash } = require('node:crypto');
const { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: token, ANTHROPIC_MODEL: model } = process.env;
const note = (words) => appendFileSync('${beatsFile}', words + '\\n');
const body = (n) => JSON.stringify({ model, max_tokens: 64, stream: true,
  messages: [{ role: 'user', content: 'reply ' + n + ' of ' + process.pid }] });
const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + token };
note('token ' + createHash('sha256').update(token).digest('hex'));
async function beat(n) {
  const answer = await fetch(url + '/v1/messages', { method: 'POST', headers, body: body(n) });
  const text = await answer.text();
  if (answer.status !== 200) return 'status ' + answer.status;
  if (!text.includes('"text":"Done."')) return 'no reply: ' + text.slice(0, 300).replaceAll('\\n', ' ');
  return text.includes('event: message_stop') ? 'ok' : 'cut off';
}
void (async () => {
  for (let n = 1; ; n += 1) {
    const said = await beat(n).catch((error) => String(error.cause ?? error));
    note(Date.now() + ' ' + said);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
})();
`,
  );
  chmodSync(program, 0o755);
  return bin;
}
