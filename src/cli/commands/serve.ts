import { Command } from 'commander';
import { ExitCode } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';
import {
  authorization,
  listenSettings,
  metricsAddress,
  operationsLimits,
  type ServeOptions,
  transportLimits,
  watchedScript,
  withServeOptions,
} from '../serve/options.js';

/** `longrunning serve` */
export function serveCommand(terminal: Terminal): Command {
  const command = new Command('serve').description(
    'Serves google.longrunning.Operations, and fakes the services of protos: every method of theirs that returns an Operation starts one. Without --proto: an example service. Answers gRPC and REST on one port.',
  );
  return withServeOptions(command).action((options: ServeOptions) => serve(options, terminal));
}

async function serve(options: ServeOptions, terminal: Terminal): Promise<void> {
  const watch = watchedScript(options);
  const { servedProtos } = await import('../serve/served-protos.js');
  const { openStore } = await import('../serve/store.js');
  const { serveUntilTerminated } = await import('../serve/serve-until-terminated.js');
  const served = await servedProtos(options);
  const authorize = await authorization(options, served.schema);
  const store = await openStore(options.store, options.storeListen);
  const { grace: graceMs, drainDelay: drainDelayMs, record, logLevel } = options;
  const settings = {
    ...listenSettings(options),
    ...{ graceMs, drainDelayMs, store, watch, record, authorize, terminal, logLevel },
    metricsAddress: metricsAddress(options),
    limits: operationsLimits(options),
    transport: transportLimits(options),
  };
  try {
    await serveUntilTerminated(served, settings);
  } finally {
    await store.close();
  }
  terminal.exitCode = ExitCode.SUCCEEDED;
}
