import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { goMissing } from '../support/go.ts'
import { environment, runPair, testName } from './pair.ts'
import { GoProgram, JS, OURS } from './programs.ts'
import { redisMissing, RedisServer } from './redis-server.ts'
import type { Program } from './programs.ts'
import type { Stack } from './settings.ts'

const REDIS_MISSING = redisMissing()
const GO_MISSING = goMissing()

const UPGRADED: Stack[] = (['tcp', 'ws'] as const).flatMap((transport) =>
  (['noise', 'tls'] as const).map((secureChannel): Stack => ({ transport, secureChannel, muxer: 'yamux' })))
const QUIC: Stack = { transport: 'quic-v1', secureChannel: undefined, muxer: undefined }
const MPLEX = UPGRADED.map((stack): Stack => ({ ...stack, muxer: 'mplex' }))

const COMMON = [...UPGRADED, QUIC]
const JS_STACKS = [...COMMON, ...MPLEX.slice(0, 1)]

const built: { go?: GoProgram } = {}

async function expectPass (dialer: Program, listener: Program, stack: Stack): Promise<void> {
  await using redis = await RedisServer.start()
  const outcome = await runPair(dialer, listener, environment(redis.address, testName(dialer, listener, stack), stack))

  expect(outcome.dialer.code, `${outcome.dialer.stderr}\n${outcome.listener.stderr}`).toBe(0)
  expect(parse(outcome.dialer.stdout)).toEqual({
    latency: { handshake_plus_one_rtt: expect.any(Number), ping_rtt: expect.any(Number), unit: 'ms' }
  })
  expect(outcome.listener.stdout).toBe('')
}

function titles (stacks: Stack[], dialer: string, listener: string): Array<[string, Stack]> {
  return stacks.map((stack) => [testName({ name: dialer, command: '', args: [] }, { name: listener, command: '', args: [] }, stack), stack])
}

describe.skipIf(REDIS_MISSING != null)(`the transport tests of unified testing, ours on both sides${because(REDIS_MISSING)}`, () => {
  it.each(titles([...COMMON, ...MPLEX], OURS.name, OURS.name))('%s', async (_, stack) => {
    await expectPass(OURS, OURS, stack)
  })
})

describe.skipIf(REDIS_MISSING != null)(`the transport tests of unified testing with js-libp2p${because(REDIS_MISSING)}`, () => {
  it.each(titles(JS_STACKS, OURS.name, JS.name))('%s', async (_, stack) => {
    await expectPass(OURS, JS, stack)
  })

  it.each(titles(JS_STACKS, JS.name, OURS.name))('%s', async (_, stack) => {
    await expectPass(JS, OURS, stack)
  })
})

describe.skipIf((REDIS_MISSING ?? GO_MISSING) != null)(`the transport tests of unified testing with go-libp2p${because(REDIS_MISSING ?? GO_MISSING)}`, () => {
  beforeAll(async () => { built.go = await GoProgram.build() })
  afterAll(async () => { await built.go?.[Symbol.asyncDispose]() })

  function go (): GoProgram {
    if (built.go == null) {
      throw new Error('go-libp2p was not built')
    }

    return built.go
  }

  it.each(titles(COMMON, OURS.name, 'go-libp2p'))('%s', async (_, stack) => {
    await expectPass(OURS, go(), stack)
  })

  it.each(titles(COMMON, 'go-libp2p', OURS.name))('%s', async (_, stack) => {
    await expectPass(go(), OURS, stack)
  })
})

function because (reason: string | undefined): string {
  return reason == null ? '' : `: ${reason}`
}
