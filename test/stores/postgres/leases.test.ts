import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Code, StatusError } from '../../../src/core/status.js';
import type { Claim } from '../../../src/stores/postgres/jobs.js';
import { Leases } from '../../../src/stores/postgres/leases.js';
import { settingsFrom } from '../../../src/stores/postgres/options.js';
import { openSession, type Session } from '../../../src/stores/postgres/session.js';
import { type ManualClock, manualClock } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createDatabase, type TestDatabase } from '../../helpers/postgres-database.js';

const LEASE_MS = 15_000;
const BEAT_MS = LEASE_MS / 3;
const HOUR_MS = 3_600_000;
const METHOD = '/s/m';

const closing = closeAfterEach();

/** Claims of a server, with clocks that the test advances. */
class TestServer {
  readonly errors: unknown[] = [];
  readonly clock: ManualClock = manualClock();
  readonly leases: Leases;
  claims: readonly Claim[] = [];
  readonly session: Session;
  /** Time during which the process was suspended. */
  #stoodStillMs = 0;

  constructor(session: Session) {
    this.session = session;
    const clock = { ...this.clock, now: () => this.clock.now() + this.#stoodStillMs };
    clock.setTimer = (...timer) => this.clock.setTimer(...timer);
    this.leases = new Leases({
      jobs: session.jobs,
      leaseMs: LEASE_MS,
      clock,
      onLapsed: () => {},
      onError: (error) => this.errors.push(error),
    });
  }

  /** Queues work on operations and claims it. */
  async claim(...operations: string[]): Promise<void> {
    const { jobs, database } = this.session;
    await jobs.prepare(METHOD);
    await database.transaction({}, (queries) => jobs.add(queries, METHOD, operations));
    this.claims = await jobs.claim(METHOD, operations.length);
    for (const claim of this.claims) this.leases.take(METHOD, claim, 0);
  }

  /** Advances time and runs whatever is due. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    // The next timer is set at the end of the beat.
    await this.clock.whenArmed(1);
  }

  standStill(ms: number): void {
    this.#stoodStillMs += ms;
  }
}

/** Servers on one database, whose clock the test also controls. */
class World {
  readonly client: pg.Client;
  readonly servers: readonly TestServer[];

  constructor(client: pg.Client, servers: readonly TestServer[]) {
    this.client = client;
    this.servers = servers;
  }

  /** Steps the database's clock forward or backward. */
  async step(ms: number): Promise<void> {
    await this.client.query("UPDATE test_clock SET now = now + $1 * interval '1ms'", [ms]);
  }

  /** Advances time for the living servers; the others are dead. */
  async advance(ms: number, living = this.servers): Promise<void> {
    for (let passed = 0; passed < ms; passed += BEAT_MS / 5) {
      await this.step(BEAT_MS / 5);
      for (const server of living) await server.advance(BEAT_MS / 5);
    }
  }

  /** States of the jobs by operation, with the number of times that their claims lapsed. */
  async jobs(): Promise<Record<string, string>> {
    const { rows } = await this.client.query(
      `SELECT data->>'operation' AS operation, state || ' ' || retry_count AS state FROM longrunning_jobs.job ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ operation, state }) => [operation, state]));
  }

  /** Measures the time until an operation is released. */
  async untilReleased(operation: string, living: readonly TestServer[]): Promise<number> {
    for (let ms = 0; ; ms += BEAT_MS) {
      if ((await this.jobs())[operation]?.startsWith('retry')) return ms;
      await this.advance(BEAT_MS, living);
    }
  }
}

async function startWorld() {
  const database = closing(await createDatabase());
  const settings = settingsFrom({ connectionString: database.url, leaseMs: LEASE_MS, poolSize: 3 });
  const servers: TestServer[] = [];
  const client = await connect(database);
  for (const operation of ['a', 'b']) {
    const server = new TestServer(await openSession(settings, () => {}));
    closing({
      async [Symbol.asyncDispose]() {
        await server.leases.close();
        await server.session.jobs.close();
        await server.session.pools.close();
      },
    });
    if (servers.length === 0) {
      await database.query(`
        CREATE TABLE test_clock AS SELECT now() AS now;
        CREATE OR REPLACE FUNCTION longrunning_jobs.job_now() RETURNS timestamptz LANGUAGE sql STABLE
          AS 'SELECT now FROM public.test_clock'`);
    }
    await server.claim(operation);
    servers.push(server);
    // Servers do not beat at the same time.
    await server.advance(operation === 'a' ? BEAT_MS / 3 : 0);
  }
  const [a, b] = servers as [TestServer, TestServer];
  return { database, a, b, world: new World(client, servers) };
}

async function connect({ url }: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closing({ [Symbol.asyncDispose]: () => client.end() });
  return client;
}

const IN_HAND = { a: 'active 0', b: 'active 0' };

describe('claims of live servers', () => {
  it('do not lapse', async () => {
    const { world, a, b } = await startWorld();
    await world.advance(4 * LEASE_MS);
    expect(await world.jobs()).toEqual(IN_HAND);
    expect([...a.errors, ...b.errors]).toEqual([]);
  });

  it.each([6_000, 16_000, 40_000, HOUR_MS, 100 * HOUR_MS, -6_000, -16_000, -HOUR_MS])(
    "do not lapse when the database's clock steps by %d ms, at any time",
    async (step) => {
      const { world } = await startWorld();
      await world.advance(2 * LEASE_MS);
      for (let moment = 0; moment < 4; moment++) {
        await world.step(step);
        await world.advance(LEASE_MS + BEAT_MS / 5);
        expect(await world.jobs()).toEqual(IN_HAND);
      }
      await world.advance(2 * LEASE_MS);
      expect(await world.jobs()).toEqual(IN_HAND);
    },
  );

  it.each([HOUR_MS, -HOUR_MS])(
    'do not lapse after a step by %d ms when their server is slow to renew them',
    async (step) => {
      const { world, b } = await startWorld();
      await world.advance(2 * LEASE_MS);
      await world.step(step);
      await world.advance(2.6 * BEAT_MS, [b]);
      expect(await world.jobs()).toEqual(IN_HAND);
      await world.advance(2 * LEASE_MS);
      expect(await world.jobs()).toEqual(IN_HAND);
    },
  );

  it('do not lapse when all processes were suspended for longer than a lease, such as for a snapshot of the machine', async () => {
    const { world, a, b } = await startWorld();
    await world.advance(2 * LEASE_MS);
    await world.step(3 * LEASE_MS);
    for (const server of [a, b]) server.standStill(3 * LEASE_MS);
    // One server resumes before the other.
    await a.advance(BEAT_MS);
    await a.advance(BEAT_MS);
    expect(await world.jobs()).toEqual(IN_HAND);
    await world.advance(2 * LEASE_MS);
    expect(await world.jobs()).toEqual(IN_HAND);
  });

  it('do not lapse after the database was unavailable, or slow, for longer than a lease', async () => {
    const { world, a, b } = await startWorld();
    await world.advance(2 * LEASE_MS);
    // No claim is renewed meanwhile.
    await world.step(2 * LEASE_MS);
    for (const { clock } of [a, b]) {
      await clock.advance(2 * LEASE_MS);
      await clock.whenArmed(1);
    }
    await world.advance(2 * LEASE_MS);
    expect(await world.jobs()).toEqual(IN_HAND);
  });

  it('lapse only while they are locked in the database, and the others not at all', async () => {
    const { database, world, a, b } = await startWorld();
    await a.claim('c');
    await world.advance(2 * LEASE_MS);
    const client = await connect(database);
    await client.query('BEGIN');
    await client.query(`SELECT FROM longrunning_jobs.job WHERE data->>'operation' IN ('a', 'b') FOR UPDATE`);
    await world.advance(3 * LEASE_MS);
    await client.query('ROLLBACK');
    await world.advance(2 * LEASE_MS);
    expect(await world.jobs()).toEqual({ ...IN_HAND, c: 'active 0' });
    expect([...a.errors, ...b.errors]).toEqual([]);
  });
});

describe('claims of a dead server', () => {
  it('are released after a lease and two searches, and claimed by others with the next attempt', async () => {
    const { world, a, b } = await startWorld();
    await world.advance(2 * LEASE_MS);
    const ms = await world.untilReleased('a', [b]);
    expect(ms).toBeGreaterThanOrEqual(LEASE_MS);
    expect(ms).toBeLessThanOrEqual(LEASE_MS + 3 * BEAT_MS);
    expect(await b.session.jobs.claim(METHOD, 10)).toMatchObject([{ operation: 'a', retryCount: 1 }]);
    // The dead server returns: its claim is not renewed, and completes nothing.
    await a.session.jobs.renew(METHOD, a.claims);
    await a.session.jobs.complete(METHOD, a.claims);
    expect(await world.jobs()).toEqual({ a: 'active 1', b: 'active 0' });
  });

  it.each([HOUR_MS, -HOUR_MS, -7_000, 7_000])(
    'are released within two leases after a step of the clock by %d ms',
    async (step) => {
      const { world, b } = await startWorld();
      await world.advance(2 * LEASE_MS);
      await world.advance(BEAT_MS, [b]);
      await world.step(step);
      expect(await world.untilReleased('a', [b])).toBeLessThanOrEqual(2 * LEASE_MS + 2 * BEAT_MS);
      expect((await world.jobs()).b).toBe('active 0');
    },
  );

  it('are not released before a server has reached the database for a whole lease', async () => {
    const { world, a, b } = await startWorld();
    await world.advance(2 * LEASE_MS);
    await a.leases.close();
    const { jobs } = b.session;
    const renew = jobs.renew.bind(jobs);
    let failures = 0;
    Object.assign(jobs, {
      async renew(...args: Parameters<typeof renew>) {
        if (failures++ < 4) throw new StatusError(Code.UNAVAILABLE, 'away');
        return await renew(...args);
      },
    });
    await world.advance(4 * BEAT_MS, [b]);
    expect(b.errors).toHaveLength(4);
    await world.advance(LEASE_MS - BEAT_MS, [b]);
    expect((await world.jobs()).a).toBe('active 0');
    expect(await world.untilReleased('a', [b])).toBeLessThanOrEqual(3 * BEAT_MS);
  });
});

describe("work queued when the database's clock steps back", () => {
  it('is claimed immediately', async () => {
    const { world, b } = await startWorld();
    const { jobs, database } = b.session;
    await database.transaction({}, (queries) => jobs.add(queries, METHOD, ['c']));
    await world.step(-HOUR_MS);
    expect(await jobs.claim(METHOD, 10)).toMatchObject([{ operation: 'c' }]);
  });
});
