/** What a child process of the benchmark can be asked for, by name; inputs and answers travel as IPC messages. */
export type Requests = Record<string, (input: never) => unknown>;

/** What the parent sends. It asks for one thing at a time, so that no answer needs an address. */
export interface Request {
  readonly name: string;
  readonly input: unknown;
}

/** What comes back. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

/** In a child process: answers what the parent asks for, until the parent goes. */
export function answerParent(requests: Requests): void {
  process.on('message', async ({ name, input }: Request) => {
    process.send?.(await answer(requests, name, input));
  });
  process.on('disconnect', () => process.exit());
}

async function answer(requests: Requests, name: string, input: unknown): Promise<Answer> {
  try {
    const respond = requests[name];
    if (!respond) throw new Error(`there is no request ${name}`);
    return { ok: true, value: await respond(input as never) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
