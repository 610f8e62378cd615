import { Command } from 'commander';
import { ExitCode } from '../failures/exit-code.js';
import type { Terminal } from '../output/terminal.js';
import { type AuthOptions, authorization, withAuthOptions } from '../serve/auth-options.js';
import { type FakingOptions, watchedScript, withFakingOptions } from '../serve/faking-options.js';
import { type LimitOptions, takenOn, transportLimits, withLimitOptions } from '../serve/limit-options.js';
import { type ListeningOptions, listenSettings, withListeningOptions } from '../serve/listening-options.js';
import { metricsAddress, type ObservingOptions, withObservingOptions } from '../serve/observing-options.js';
import { type RunningOptions, withRunningOptions } from '../serve/running-options.js';

interface ServeOptions
  extends ListeningOptions,
    FakingOptions,
    RunningOptions,
    AuthOptions,
    LimitOptions,
    ObservingOptions {}

/** `longrunning serve` */
export function serveCommand(terminal: Terminal): Command {
  const command = new Command('serve').description(
    'Serves google.longrunning.Operations, and fakes the services of protos: every method of theirs that returns an Operation starts one. Without --proto: an example service. Answers gRPC and REST on one port.',
  );
  // Each group of options, and what is made of them, has a file of its own.
  const groups = [
    withListeningOptions,
    withFakingOptions,
    withRunningOptions,
    withAuthOptions,
    withObservingOptions,
    withLimitOptions,
  ];
  for (const addGroup of groups) addGroup(command);
  return command.action((options: ServeOptions) => serve(options, terminal));
}

async function serve(options: ServeOptions, terminal: Terminal): Promise<void> {
  const watch = watchedScript(options);
  const { servedProtos } = await import('../serve/served-protos.js');
  const { openStore } = await import('../serve/store.js');
  const { serveUntilTerminated } = await import('../serve/serve-until-terminated.js');
  const served = await servedProtos(options);
  const authorize = await authorization(options, served.schema);
  const store = await openStore(options.store, options.storeListen);
  const { graceMs, drainDelayMs, record, logLevel } = options;
  const observing = { metricsAddress: metricsAddress(options), logLevel };
  const running = { graceMs, drainDelayMs, store, watch, record, authorize, terminal };
  const limits = takenOn(options);
  const settings = {
    ...listenSettings(options),
    ...running,
    ...observing,
    limits,
    transport: transportLimits(options),
  };
  try {
    await serveUntilTerminated(served, settings);
  } finally {
    await store.close();
  }
  terminal.exitCode = ExitCode.SUCCEEDED;
}
