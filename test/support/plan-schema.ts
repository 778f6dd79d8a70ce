import { z } from 'zod';
import { engineIds } from '../../src/engines/engine.ts';
import { privacies, type Plan } from '../../src/launch/plan.ts';

const text = z.string();
const bytes = z.int().nonnegative();

/** The Plan as `--dry-run --json` prints it; docs/plan.schema.json is made from this. */
export const planSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    model: z.strictObject({
      name: text.describe('the name the engine serves and the agent asks for'),
      label: text,
      row: text.nullable().describe('flag of the catalog row; null for --model'),
      notes: z.array(text),
    }),
    join: text.nullable().describe('id of the running keeper that meets the keeper half; null = a new one'),
    keeper: z.strictObject({
      engine: z.strictObject({
        id: z.enum(engineIds),
        dialect: z.enum(['anthropic', 'openai']),
        python: text.describe('the Python that runs the engine host and the engine'),
        own: z.boolean().describe("cclocal's own venv, or one named in CCLOCAL_ENGINE"),
        flags: z.array(text).describe('arguments of the engine; {snapshot} stands for the folder with the weights'),
        env: z.record(text, text),
        serves: text,
        prompts: z
          .strictObject({
            mode: z.enum(['simple', 'batched']),
            toolParser: text,
            templateKwargs: z.record(text, z.union([z.boolean(), text, z.number()])),
          })
          .describe('how it makes prompts of requests; the token counter does the same'),
        why: text,
      }),
      weights: z.strictObject({
        repo: text.nullable(),
        revision: text.nullable(),
        snapshotPath: text.nullable(),
        complete: z.boolean().describe('nothing has to be fetched'),
        bytes: bytes.nullable(),
        trustCode: z.boolean(),
        hubCache: text,
      }),
      context: z.int().positive().describe('context window, tokens'),
      diskCache: z.strictObject({ path: text, maxBytes: bytes }).nullable(),
      expects: z
        .strictObject({
          machine: text,
          prefillStep: z.int().positive().describe('tokens of a prompt read at a time'),
          predicted: z.array(z.strictObject({ tokens: z.int().positive(), bytes })),
        })
        .nullable()
        .describe('what its memory at its highest is compared with; null = it is not kept'),
      gateway: z
        .strictObject({
          context: z.int().positive().describe('tokens that prompt and reply together may have'),
          names: z.array(text).describe('names besides claude-* that reach the model'),
          repairs: z.strictObject({
            systemText: z.enum(['keep', 'to-user']),
            thinking: z.enum(['keep', 'strip']),
            toolSchemas: z.boolean(),
            toolArguments: z.boolean(),
            textCalls: z.boolean(),
            truncationNotice: z.boolean(),
          }),
          fields: z.record(text, z.union([text, z.boolean()])).describe('in every request to the engine'),
          sampling: z.record(text, z.number()).describe('in requests that name none'),
          counting: z.enum(['exact', 'estimate']),
          holdMs: z.int().describe('a request waits so long for an engine that loads'),
          comebackMs: z.int().describe('a client that went away may come back so long'),
          pingMs: z.int(),
          openPort: z.strictObject({ wanted: z.int().nullable() }).nullable().describe('a port without a token'),
          logRequests: z.boolean(),
        })
        .nullable()
        .describe('null with --direct'),
      idleUnloadMs: z.int().positive().nullable().describe('so long after the last request the engine is ended'),
      port: z.strictObject({ wanted: z.int().nullable(), first: z.int(), last: z.int() }),
      privacy: z.enum(privacies),
      stop: z
        .strictObject({ interruptMs: z.int(), killMs: z.int(), askBeforeKill: z.boolean() })
        .describe('SIGTERM at 0 ms, SIGINT and SIGKILL after these'),
    }),
    session: z.strictObject({
      agent: z.strictObject({ id: text, path: text.nullable(), version: text.nullable() }).nullable(),
      ceiling: z.int().positive().describe('tokens a conversation may reach'),
      outputTokens: z.int().positive(),
      patienceMs: z.int().positive().describe('so long the agent waits for one reply'),
      tools: z.array(text),
      preApproved: z.array(text).describe('tools that run without being asked for'),
      admitted: z
        .strictObject({
          rules: z.strictObject({ deny: z.array(text), ask: z.array(text) }).describe("the project's restrictions"),
          project: z.boolean().describe("all of the project's settings (--trust-project)"),
          mcp: z.array(text).describe('files with MCP servers'),
          memory: text.nullable().describe("the user's own CLAUDE.md"),
          skills: z.array(z.strictObject({ name: text, folder: text })),
          sharedConfig: z.boolean(),
          otherKey: z.boolean().describe("a key of the user's may be found where settings are read"),
        })
        .describe('what of the project and the user is let in'),
      keepEnv: z.array(text).describe('variables that the agent gets beside the usual ones'),
      airgap: z
        .strictObject({
          by: z.enum(['namespace', 'sandbox-exec']),
          confinesFiles: z.boolean().describe('limits writing and Unix sockets too, so that commands need no question'),
          python: text.nullable(),
        })
        .nullable()
        .describe('what keeps the agent from the network'),
      privacy: z.enum(privacies),
      shortPrompt: z.boolean(),
      agentArgs: z.array(text),
    }),
    memory: z.strictObject({
      verdict: z.enum(['fits', 'tight', 'too-big', 'unknown', 'not-asked']),
      needBytes: bytes.nullable(),
      limitBytes: bytes.nullable(),
      raiseLimit: z.strictObject({ fromMiB: z.int(), toMiB: z.int() }).nullable(),
      words: text,
    }),
    cleanup: z.array(text).describe('what is removed or put back at the end'),
    words: z.array(text),
  })
  .meta({
    title: "cclocal's plan",
    description: 'What `cclocal --dry-run --json` prints, and what a launch carries out.',
  });

type Writable<T> = T extends readonly (infer E)[]
  ? Writable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** Does not compile where the schema and the type differ. */
export const planSchemaIsPlan: Same<z.infer<typeof planSchema>, Writable<Plan>> = true;
