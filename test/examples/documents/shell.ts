import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './pages.js';

/** Programs of other projects that the documents use. They are replaced by programs that accept anything. */
const FOREIGN = ['docker', 'gcloud', 'grpcurl', 'kubectl'];

/** Programs that are replaced only if this machine lacks them. */
const OPTIONAL = ['curl', 'jq', 'sqlite3'];

/** Directory in which blocks of shell commands run as if the package were installed there. */
export class Shell {
  readonly #directory: string;
  readonly #address: string;

  /** @param address - Free address for `longrunning serve`, which replaces `localhost:50051` */
  constructor(directory: string, address: string) {
    this.#directory = directory;
    this.#address = address;
    const main = join(ROOT, 'dist/src/cli/main.js');
    mkdirSync(join(directory, 'bin'), { recursive: true });
    this.#program('longrunning', `exec "${process.execPath}" "${main}" "$@"`);
    this.#program('npx', 'exec "$@"');
    this.#program('npm', `exec "${process.execPath}" "${join(directory, 'npm.mjs')}" "$@"`);
    writeFileSync(join(directory, 'npm.mjs'), NPM);
    const missing = OPTIONAL.filter((name) => spawnSync(name, ['--version']).error !== undefined);
    for (const name of [...FOREIGN, ...missing]) this.#program(name, 'exec true');
  }

  #program(name: string, script: string): void {
    const file = join(this.#directory, 'bin', name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** Runs commands; rejects if one fails. Programs in the background are stopped at the end. */
  async run(commands: string): Promise<string> {
    const script = commands
      .replaceAll('localhost:50051', this.#address)
      // A reader does not start the next server before the last one is gone.
      .replace(/^kill -9 \$!$/gm, '$&; wait $! || true')
      // What follows a server in the background expects that it listens.
      .replace(
        /^((?:npx )?longrunning serve.*|node server\.js) &$/gm,
        (_, serve) => `${serve} & ${this.#listening()}`,
      );
    const path = [join(this.#directory, 'bin'), join(ROOT, 'node_modules/.bin'), process.env.PATH];
    const child = spawn('bash', ['-euc', script], {
      cwd: this.#directory,
      // A process group, to stop what runs in the background.
      detached: true,
      env: {
        ...process.env,
        LC_ALL: 'C',
        PATH: path.join(delimiter),
        LONGRUNNING_ADDRESS: this.#address,
        XDG_CONFIG_HOME: join(this.#directory, 'config'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    // A block that only starts a server runs until it is stopped.
    const serves = /longrunning serve(?![^\n]*&$)[^\n]*\n?$/m.test(commands.trimEnd());
    if (serves) {
      const ready = setInterval(
        () => output.includes('listening') && process.kill(-(child.pid ?? 0), 'SIGTERM'),
        50,
      );
      child.once('exit', () => clearInterval(ready));
    }
    const [code, signal] = await once(child, 'exit');
    try {
      process.kill(-(child.pid ?? 0), 'SIGTERM');
    } catch {
      // Nothing runs in the background.
    }
    const stopped = serves && signal === 'SIGTERM' && output.includes('listening');
    if (code !== 0 && !stopped) throw new Error(`${commands}\nexits with ${code}:\n${output}`);
    return output;
  }

  /** Shell command that waits until the server accepts connections. */
  #listening(): string {
    const [host, port] = this.#address.split(':');
    return `until (exec 3<>/dev/tcp/${host}/${port}) 2>/dev/null; do sleep 0.05; done`;
  }
}

/** Replacement of npm: `install` succeeds for packages that this repository has. */
const NPM = `
import { existsSync } from 'node:fs';
const [command, ...args] = process.argv.slice(2);
if (command === 'init' || command === 'pkg') process.exit();
if (command !== 'install') throw new Error(\`npm \${command} is not expected here\`);
for (const name of args.filter((arg) => !arg.startsWith('-'))) {
  if (!existsSync(new URL(\`node_modules/\${name}\`, import.meta.url))) throw new Error(\`\${name} is not installed\`);
}
`;
