/**
 * Loaded without `import`, which evaluates all exports of `node:http`, including WebSocket and the modules of
 * fetch. That takes 30 ms, ten times as long as the rest.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');
