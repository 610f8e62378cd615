import {
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
} from '../../../generated/health/v1/health.js';
import type { ServiceHost } from '../../core/service.js';
import { Code, codeName } from '../../core/status.js';
import type { Upstream, UpstreamCall } from '../upstream/upstream.js';
import type { HttpAnswer } from './http-message.js';

const CHECK = '/grpc.health.v1.Health/Check';
/**
 * Timeout of a readiness check, in milliseconds. Probes give up earlier: those of Kubernetes after one second by
 * default.
 */
const PATIENCE_MS = 5000;

/** Health of the server behind a gateway, by `grpc.health.v1.Health` or by the operations of this process. */
export type Readiness =
  | { readonly kind: 'service'; readonly upstream: Upstream }
  | { readonly kind: 'operations'; readonly health: ServiceHost['health'] };

/** Answers health probes such as those of Kubernetes, in plain text because only the status counts. */
export class HealthEndpoint {
  readonly #readiness: Readiness;

  constructor(readiness: Readiness) {
    this.#readiness = readiness;
  }

  /** Answers `/healthz`. A process that responds is alive, even if it cannot work: a restart would not help. */
  live(): HttpAnswer {
    return answer(200, 'ok');
  }

  /** Answers `/readyz`. A server without `grpc.health.v1.Health` is ready if it responds. */
  async ready(call: Pick<UpstreamCall, 'metadata' | 'signal' | 'peer'>): Promise<HttpAnswer> {
    const readiness = this.#readiness;
    if (readiness.kind === 'operations') {
      const status = await readiness.health.check();
      return status === 'SERVING' ? answer(200, 'ok') : answer(503, `not ready: ${status}`);
    }
    const deadline = Date.now() + PATIENCE_MS;
    const checked = await readiness.upstream.call(CHECK, Buffer.alloc(0), { ...call, deadline });
    switch (checked.kind) {
      case 'response': {
        const { status } = HealthCheckResponse.decode(checked.bytes);
        if (status === HealthCheckResponse_ServingStatus.SERVING) return answer(200, 'ok');
        return answer(503, 'not ready: NOT_SERVING');
      }
      case 'error': {
        const { code } = checked.error;
        return code === Code.UNIMPLEMENTED ? answer(200, 'ok') : answer(503, `not ready: ${codeName(code)}`);
      }
    }
  }
}

function answer(status: number, text: string): HttpAnswer {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  return { status, headers, body: `${text}\n` };
}
