import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { pinned } from './child.ts';

/** Where and with what a run was made. */
export interface Environment {
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Whether server and load had CPUs of their own. */
  readonly pinned: boolean;
}

export function environment(): Environment {
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model ?? 'unknown CPU';
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} CPUs (${model}), ${memoryGiB} GiB, ${platform()} ${arch()}`,
    versions: {
      node: process.versions.node,
      longrunning: packageVersion('longrunning'),
      '@grpc/grpc-js': packageVersion('@grpc/grpc-js'),
      '@google-cloud/gkemulticloud': packageVersion('@google-cloud/gkemulticloud'),
    },
    pinned,
  };
}

function packageVersion(name: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
