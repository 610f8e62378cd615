import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ExitCode } from '../exit-code.js';
import { type ProtoOptions, withProtoOptions } from '../options.js';
import type { Terminal } from '../terminal.js';
import { UsageError } from '../usage-error.js';

interface OpenApiOptions extends ProtoOptions {
  readonly serviceConfig?: string;
  readonly yaml?: true;
}

/** `longrunning openapi` */
export function openApiCommand(terminal: Terminal): Command {
  const command = new Command('openapi').description(
    'Prints OpenAPI 3.1 of services as REST serves them, google.longrunning.Operations included. Without --proto: the example service.',
  );
  return withProtoOptions(command, 'proto whose services to describe (repeatable)')
    .option('--service-config <file>', 'google.api.Service in YAML or JSON, whose HTTP rules come first')
    .option('--yaml', 'print YAML instead of JSON')
    .action(async ({ serviceConfig, yaml, ...protos }: OpenApiOptions) => {
      const { HttpRuleError, openApiDocument } = await import('../../gateway/index.js');
      const { schemaOf } = await import('../protos.js');
      const { registry, annotationOf } = await schemaOf(protos);
      const config = serviceConfig === undefined ? {} : { serviceConfig: await readConfig(serviceConfig) };
      try {
        const document = openApiDocument({ descriptors: registry, annotationOf, ...config });
        const text = yaml ? (await import('yaml')).stringify(document) : JSON.stringify(document, null, 2);
        terminal.stdout.write(`${text.trimEnd()}\n`);
      } catch (error) {
        throw error instanceof HttpRuleError ? new UsageError(error.message, { cause: error }) : error;
      }
      terminal.exitCode = ExitCode.SUCCEEDED;
    });
}

async function readConfig(file: string): Promise<{ file: string; text: string }> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`the service config cannot be read: ${cause.message}`, { cause });
  });
  return { file, text };
}
