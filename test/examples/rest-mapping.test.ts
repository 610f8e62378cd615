import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { readServices } from '../../src/gateway/openapi/service-description.js';
import { compileRoutes } from '../../src/gateway/routing/router.js';
import { type Answer, type ServedGateway, serveGateway } from '../gateway/http-client.js';
import { abbreviated } from './abbreviated.js';

const DOCUMENT = 'docs/rest-mapping.md';
const text = readFileSync(DOCUMENT, 'utf8');

/** Text between a heading and the next. */
function section(heading: string): string {
  const [, rest = ''] = text.split(`\n## ${heading}\n`);
  return rest.split('\n## ')[0] ?? '';
}

/** Code in the cells of a section's table, by row. Cells without code are returned unchanged. */
function tableOf(heading: string): string[][] {
  const [, , ...rows] = section(heading)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => /`(.*)`/.exec(cell)?.[1] ?? cell.trim()),
  );
}

/** Command of a transcript, with its documented result. */
interface Exchange {
  readonly command: string;
  readonly output: string;
}

function transcript(): Exchange[] {
  const blocks = Array.from(text.matchAll(/^```console\n(.*?)^```$/gms), ([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((exchange) => {
        const [command = '', ...output] = exchange.split('\n');
        return { command, output: output.join('\n') };
      }),
  );
}

/** Sends a request as curl does with the options that the document uses. */
function curl(gateway: ServedGateway, command: string): Promise<Answer> {
  const [, json] = /--json '([^']*)'/.exec(command) ?? [];
  const [, method = json === undefined ? 'GET' : 'POST'] = /-X (\w+)/.exec(command) ?? [];
  const [, path = ''] = /'http:\/\/localhost:8080([^']*)'$/.exec(command) ?? [];
  const rest = command.replace(/--json '[^']*'|-X \w+|-i|--path-as-is|'[^']*'$/g, '').trim();
  expect([rest, path]).toEqual(['curl', expect.stringMatching(/^\//)]);
  return gateway.ask(method, path, json === undefined ? {} : { body: json });
}

describe(DOCUMENT, () => {
  it('The mapping: is that of the descriptors', () => {
    const documented = tableOf('The mapping').flatMap(([rpc = '', ...rules]) =>
      rules.filter(Boolean).map((rule) => `${rpc}: ${rule}`),
    );
    const served = readServices({}).rules.map(
      ({ method, httpMethod, template }) => `${method.name}: ${httpMethod} ${template}`,
    );
    expect(documented.sort()).toEqual(served.sort());
  });

  it.each(tableOf('Paths'))('Paths: by %s, %s is %s', (rule = '', request = '', outcome = '') => {
    const [httpMethod = '', template = ''] = rule.split(' ');
    const [method = '', url = ''] = request.split(' ');
    const match = compileRoutes([{ httpMethod, template }]).match(method, url);
    expect('route' in match ? match.bindings : match.status).toEqual(JSON.parse(outcome));
  });

  describe('Worked examples', () => {
    let reports: ReportsServer;
    let gateway: ServedGateway;
    beforeEach(async () => {
      reports = await startReportsServer();
      const descriptors = readFileSync('generated/descriptors.binpb');
      gateway = await serveGateway({ target: reports.address, descriptors });
    });
    afterEach(async () => {
      await gateway[Symbol.asyncDispose]();
      await reports[Symbol.asyncDispose]();
    });

    it('come out as written', async () => {
      const exchanges = transcript();
      expect(exchanges.length).toBeGreaterThan(10);
      // The server chooses other ids than the document.
      let id = '7';
      const actual = (written: string) => written.replaceAll('operations/7', `operations/${id}`);
      for (const { command, output } of exchanges) {
        const { status, headers, json } = await curl(gateway, actual(command));
        const started = /operations\/([^/]+)$/.exec((json as { name?: string }).name ?? '')?.[1];
        if (command.includes('reports:export')) id = started ?? '';
        const [head = '', body = ''] = output.startsWith('HTTP/')
          ? output.split(/\n(?=\{)/)
          : ['HTTP/1.1 200 OK', output];
        const [statusLine = '', ...lines] = head.split('\n');
        expect([command, status]).toEqual([command, Number(statusLine.split(' ')[1])]);
        expect(json).toMatchObject(abbreviated(JSON.parse(actual(body))));
        for (const line of lines) {
          const [name = '', value = ''] = line.split(': ');
          expect(headers[name]).toBe(value);
        }
      }
    });
  });
});
