import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { learnAddress, tellAddress } from './meeting.ts'
import { environment, Run, runPair } from './pair.ts'
import { OURS } from './programs.ts'
import { redisMissing, RedisServer } from './redis-server.ts'
import { Redis, RedisError } from './redis.ts'
import { readSettings } from './settings.ts'
import type { Stack } from './settings.ts'

const REDIS_MISSING = redisMissing()
const TCP: Stack = { transport: 'tcp', secureChannel: 'noise', muxer: 'yamux' }
const MODERN = { IS_DIALER: 'true', REDIS_ADDR: 'redis:6379', TEST_KEY: 'a5b50d5e', TRANSPORT: 'tcp', SECURE_CHANNEL: 'noise', MUXER: 'yamux' }
const LEGACY = { is_dialer: 'false', transport: 'ws', security: 'tls', muxer: 'mplex' }

describe('the settings of a transport test', () => {
  it('are those of the environment', () => {
    expect(readSettings({ ...MODERN, LISTENER_IP: '10.0.0.1', DEBUG: 'true', TEST_TIMEOUT_SECS: '7' })).toEqual({
      isDialer: true,
      redis: 'redis:6379',
      key: 'a5b50d5e_listener_multiaddr',
      transport: 'tcp',
      secureChannel: 'noise',
      muxer: 'yamux',
      ip: '10.0.0.1',
      debug: true,
      timeoutMs: 7000,
      report: 'yaml'
    })
  })

  it('bind all interfaces and last three minutes, unless told otherwise', () => {
    expect(readSettings(MODERN)).toMatchObject({ ip: '0.0.0.0', timeoutMs: 180_000, debug: false })
  })

  it('need no secure channel and no muxer where QUIC has its own, and pass over them', () => {
    expect(readSettings({ ...MODERN, TRANSPORT: 'quic-v1' })).toMatchObject({ transport: 'quic-v1', secureChannel: undefined, muxer: undefined })
  })

  it('come in lower-case names from the older test plans, with their key and report', () => {
    expect(readSettings(LEGACY)).toMatchObject({
      isDialer: false, redis: 'redis:6379', key: 'listenerAddr', transport: 'ws', secureChannel: 'tls', muxer: 'mplex', ip: '0.0.0.0', report: 'json'
    })
  })

  it.each([
    [{ ...MODERN, TRANSPORT: 'carrier-pigeon' }, 'TRANSPORT must be one of tcp, ws, quic-v1, received carrier-pigeon'],
    [{ ...MODERN, MUXER: undefined }, 'MUXER is not set'],
    [{ ...MODERN, TEST_KEY: '' }, 'TEST_KEY is not set'],
    [{ ...MODERN, IS_DIALER: 'yes' }, 'IS_DIALER must be one of true, false, received yes'],
    [{ ...MODERN, TEST_TIMEOUT_SECS: 'soon' }, 'TEST_TIMEOUT_SECS must be a number above 0, received soon'],
    [{ ...LEGACY, security: 'none' }, 'security must be one of noise, tls, received none']
  ])('name what is wrong with them: %#', (env, message) => {
    expect(() => readSettings(env)).toThrow(new TypeError(message))
  })
})

const suite = `a transport test of ours${REDIS_MISSING == null ? '' : `: ${REDIS_MISSING}`}`

describe.skipIf(REDIS_MISSING != null)(suite, () => {
  it('learns an address that is told later', async () => {
    await using server = await RedisServer.start()
    using dialer = await Redis.connect(server.address)
    using listener = await Redis.connect(server.address)
    const learning = learnAddress(dialer, 'later', AbortSignal.timeout(20_000))

    await tellAddress(listener, 'later', '/ip4/127.0.0.1/tcp/1')

    expect(await learning).toBe('/ip4/127.0.0.1/tcp/1')
  })

  it('learns an address that is a plain value, as the document has it', async () => {
    await using server = await RedisServer.start()
    using redis = await Redis.connect(server.address)

    await redis.send('SET', 'plain', '/ip4/127.0.0.1/tcp/2')

    expect(await learnAddress(redis, 'plain', AbortSignal.timeout(20_000))).toBe('/ip4/127.0.0.1/tcp/2')
  })

  it('tells its address over what an earlier run has left', async () => {
    await using server = await RedisServer.start()
    using redis = await Redis.connect(server.address)

    await redis.send('SET', 'left', 'a plain value')
    await tellAddress(redis, 'left', '/ip4/127.0.0.1/tcp/3')
    await tellAddress(redis, 'left', '/ip4/127.0.0.1/tcp/4')

    expect(await redis.send('LRANGE', 'left', '0', '-1')).toEqual(['/ip4/127.0.0.1/tcp/4'])
  })

  it('says what Redis refuses', async () => {
    await using server = await RedisServer.start()
    using redis = await Redis.connect(server.address)

    await expect(redis.send('INCR')).rejects.toThrow(RedisError)
    await expect(redis.send('INCR')).rejects.toThrow("ERR wrong number of arguments for 'incr' command")
    expect(await redis.send('INCR', 'counted')).toBe(1)
    expect(await redis.send('GET', 'ünknown')).toBeNull()
  })

  it('fails when no listener comes in time, and names the key', async () => {
    await using server = await RedisServer.start()
    await using run = new Run(OURS, { ...environment(server.address, 'nobody listens', TCP), IS_DIALER: 'true', TEST_TIMEOUT_SECS: '1' })
    const { code, stdout, stderr } = await run.outcome

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/no listener told its address under [0-9a-f]{8}_listener_multiaddr/)
  })

  it('fails when the listener is not who it says', async () => {
    await using server = await RedisServer.start()
    const env = environment(server.address, 'somebody else', TCP)
    using redis = await Redis.connect(server.address)
    await using listener = new Run(OURS, { ...env, IS_DIALER: 'false' })
    const key = `${env.TEST_KEY}_listener_multiaddr`
    const address = await learnAddress(redis, key, AbortSignal.timeout(20_000))

    await tellAddress(redis, key, address.replace(/[^/]+$/, '12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv'))

    await using dialer = new Run(OURS, { ...env, IS_DIALER: 'true' })
    const { code, stdout, stderr } = await dialer.outcome

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv')
    expect((await listener.terminate()).code).toBe(0)
  })

  it('fails when the two share no secure channel', async () => {
    await using server = await RedisServer.start()
    const env = environment(server.address, 'no common language', TCP)
    await using listener = new Run(OURS, { ...env, IS_DIALER: 'false' })
    await using dialer = new Run(OURS, { ...env, IS_DIALER: 'true', SECURE_CHANNEL: 'tls' })
    const { code, stdout } = await dialer.outcome

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect((await listener.terminate()).code).toBe(0)
  })

  it('fails without Redis', async () => {
    await using run = new Run(OURS, { ...environment('127.0.0.1:1', 'no Redis', TCP), IS_DIALER: 'false' })
    const { code, stderr } = await run.outcome

    expect(code).toBe(1)
    expect(stderr).toContain('ECONNREFUSED')
  })

  it('ends as a listener with success when it is terminated, and with failure when its time is up', async () => {
    await using server = await RedisServer.start()
    const env = environment(server.address, 'times', TCP)
    await using late = new Run(OURS, { ...env, IS_DIALER: 'false', TEST_TIMEOUT_SECS: '1' })

    expect((await late.outcome).code).toBe(1)
    expect((await runPair(OURS, OURS, { ...env, TEST_KEY: 'in-time' })).listener.code).toBe(0)
  })

  it('writes all that is for people to standard error, with DEBUG too', async () => {
    await using server = await RedisServer.start()
    const { dialer, listener } = await runPair(OURS, OURS, { ...environment(server.address, 'debug', TCP), DEBUG: 'true' })

    expect(dialer.stdout.split('\n').map((line) => line.replace(/[\d.]+$/, 'N'))).toEqual(['latency:', '  handshake_plus_one_rtt: N', '  ping_rtt: N', '  unit: ms', ''])
    expect(dialer.stderr).toMatch(/^\S+ libp2p:identify .*$/m)
    expect(dialer.stderr).toMatch(/^\S+ swarmd:tcp:connection:.*$/m)
    expect(listener.stdout).toBe('')
  })

  it('speaks the older test plans: lower-case names, one key, a report in JSON', async () => {
    await using server = await RedisServer.start()
    const env = { redis_addr: server.address, ip: '127.0.0.1', transport: 'tcp', security: 'tls', muxer: 'mplex', test_timeout_secs: '20' }
    await using listener = new Run(OURS, { ...env, is_dialer: 'false' })
    await using dialer = new Run(OURS, { ...env, is_dialer: 'true' })
    const { code, stdout, stderr } = await dialer.outcome

    expect(code, stderr).toBe(0)
    expect((await listener.terminate()).code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ handshakePlusOneRTTMillis: expect.any(Number), pingRTTMilllis: expect.any(Number) })
  })

  it.runIf(outside() != null || process.env.CI != null)('tells an address that other containers reach, where it binds all interfaces', async () => {
    await using server = await RedisServer.start()
    const env = { ...environment(server.address, 'all interfaces', TCP), LISTENER_IP: '0.0.0.0' }
    const { dialer, listener } = await runPair(OURS, OURS, env)

    expect(dialer.code, dialer.stderr).toBe(0)
    expect(listener.stderr).not.toContain('/ip4/127.')
    expect(listener.stderr).toMatch(/^listening on \/ip4\/[\d.]+\/tcp\/\d+\/p2p\/12D3KooW/)
  })
})

function outside (): string | undefined {
  return Object.values(networkInterfaces()).flat().find((one) => one?.family === 'IPv4' && !one.internal)?.address
}
