import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Command, Option } from 'commander';
import type { OpenApiOptions as DescribedServices } from '../../gateway/openapi/index.js';
import { type ProtoOptions, withProtoOptions } from '../options/options.js';
import { badRule, ExitCode, UsageError } from '../output/failure.js';
import type { Terminal } from '../output/terminal.js';

interface OpenApiOptions extends ProtoOptions {
  readonly descriptors?: string;
  readonly serviceConfig?: string;
  readonly yaml?: true;
}

/** `longrunning openapi` */
export function openApiCommand(terminal: Terminal): Command {
  const command = new Command('openapi').description(
    'Prints OpenAPI 3.1 of services as REST serves them, google.longrunning.Operations included. Without --proto: the example service.',
  );
  return withProtoOptions(command, 'proto whose services to describe (repeatable)')
    .addOption(
      new Option(
        '--descriptors <file>',
        'descriptor set to describe in place of protos, with its comments',
      ).conflicts('proto'),
    )
    .option('--service-config <file>', 'google.api.Service in YAML or JSON, whose HTTP rules come first')
    .option('--yaml', 'print YAML instead of JSON')
    .action(async (options: OpenApiOptions) => {
      const document = await describe(options);
      const text = options.yaml
        ? (await import('yaml')).stringify(document)
        : JSON.stringify(document, null, 2);
      terminal.stdout.write(`${text.trimEnd()}\n`);
      terminal.exitCode = ExitCode.SUCCEEDED;
    });
}

async function describe(options: OpenApiOptions): Promise<object> {
  const { openApiDocument } = await import('../../gateway/openapi/index.js');
  const { HttpRuleError } = await import('../../schema/index.js');
  const services = await servicesOf(options);
  const { serviceConfig: file } = options;
  const config = file !== undefined && {
    serviceConfig: { file, text: (await read(file, 'service config')).toString() },
  };
  try {
    return openApiDocument({ ...services, ...config });
  } catch (error) {
    // Mistakes in files that the user names are usage errors.
    if (error instanceof TypeError && options.descriptors)
      throw new UsageError(error.message, { cause: error });
    if (!(error instanceof HttpRuleError)) throw error;
    const files = options.descriptors === undefined ? options.proto : [options.descriptors];
    throw badRule(error, files, 'replace it with --service-config');
  }
}

/** Reads services with their comments, which protos lose when read; the descriptors of this package keep them. */
async function servicesOf({ descriptors, ...protos }: OpenApiOptions): Promise<DescribedServices> {
  if (descriptors !== undefined) return { descriptors: await read(descriptors, 'descriptor set') };
  if (protos.proto.length === 0) {
    const file = createRequire(import.meta.url).resolve('longrunning/descriptors');
    return { descriptors: await readFile(file) };
  }
  const { schemaOfProtos } = await import('../types/types.js');
  const { registry, annotationOf } = await schemaOfProtos(protos);
  return { descriptors: registry, annotationOf };
}

function read(file: string, what: string): Promise<Buffer> {
  return readFile(file).catch((cause: Error) => {
    throw new UsageError(`the ${what} cannot be read: ${cause.message}`, { cause });
  });
}
