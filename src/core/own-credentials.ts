import { ChannelCredentials } from '@grpc/grpc-js';

/**
 * Checks that credentials were made by the copy of grpc-js that connects with them, which takes no others.
 *
 * @throws TypeError that says what they are instead, and what to do.
 */
export function assertOwnCredentials(credentials: unknown): asserts credentials is ChannelCredentials {
  if (credentials instanceof ChannelCredentials) return;
  const { _isSecure: isSecure } = Object(credentials) as { readonly _isSecure?: unknown };
  if (typeof isSecure === 'function') {
    throw new TypeError(
      'credentials come from another copy of @grpc/grpc-js than longrunning uses: see "npm ls @grpc/grpc-js" and "npm dedupe", or give tls and token instead',
    );
  }
  throw new TypeError(
    'credentials are no ChannelCredentials of @grpc/grpc-js: make them by ChannelCredentials.createSsl() or createInsecure(), or give tls',
  );
}
