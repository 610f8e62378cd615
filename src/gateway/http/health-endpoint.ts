import {
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
} from '../../../generated/health/v1/health.js';
import { Code, codeName } from '../../core/status.js';
import type { Upstream, UpstreamCall } from '../upstream/upstream.js';
import type { HttpAnswer } from './http-message.js';

const CHECK = '/grpc.health.v1.Health/Check';
/** Probes are less patient: those of Kubernetes wait for a second unless told otherwise. */
const PATIENCE_MS = 5000;

/** Answers probes, as Kubernetes makes them: in plain text, for the status is what counts. */
export class HealthEndpoint {
  readonly #upstream: Upstream;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** `/healthz`: who can answer is alive. Whether it can do its work is another question: a new one could not either. */
  live(): HttpAnswer {
    return answer(200, 'ok');
  }

  /** `/readyz`: what `grpc.health.v1.Health` of the server says. One without it is ready when it answers that. */
  async ready(call: Pick<UpstreamCall, 'metadata' | 'signal' | 'peer'>): Promise<HttpAnswer> {
    const deadline = Date.now() + PATIENCE_MS;
    const checked = await this.#upstream.call(CHECK, Buffer.alloc(0), { ...call, deadline });
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
