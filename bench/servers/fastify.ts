import { fastify } from 'fastify';
import { answerParent } from '../harness/parent-link.ts';
import type { BareHttpRequests } from './bare-http.ts';
import { serverRequests } from './serve.ts';

/** A route of fastify as one writes it, with a schema of the answer, which makes its JSON faster to write. */
answerParent({
  ...serverRequests,
  async listen(json) {
    const server = fastify();
    server.get('/v1/*', { schema: { response: { 200: schemaOf(json) } } }, async () => json);
    return (await server.listen({ port: 0, host: '127.0.0.1' })).replace('http://', '');
  },
} satisfies BareHttpRequests);

function schemaOf(value: unknown): object {
  if (typeof value !== 'object' || value === null) return { type: typeof value };
  const entries = Object.entries(value).map(([name, member]) => [name, schemaOf(member)]);
  return { type: 'object', properties: Object.fromEntries(entries) };
}
