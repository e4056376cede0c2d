import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLANS, RELAY_FEATURE, RELAY_WAYS, RSA_FEATURE } from './cells.ts'
import { WAYS } from './features.ts'
import { OurPeer } from './our-peer.ts'
import { RemotePeer } from './remote-peer.ts'
import { STACKS } from './stacks.ts'
import type { Pair, Way } from './features.ts'
import type { Peer } from './peer.ts'
import type { Program } from './programs.ts'
import type { Stack } from './stacks.ts'

interface Theirs {
  readonly stack: Stack
  readonly key?: 'ed25519' | 'rsa'
  readonly isRelay?: boolean
  /** Listens nowhere: it is reached over a relay, or not at all. @default false */
  readonly isHidden?: boolean
}

/** Processes of a program: one for all tests of a kind. */
class Processes implements AsyncDisposable {
  readonly #program: Program
  readonly #started = new Map<string, Promise<RemotePeer>>()

  constructor (program: Program) {
    this.#program = program
  }

  async get ({ stack, key = 'ed25519', isRelay = false, isHidden = false }: Theirs, which = 'first'): Promise<RemotePeer> {
    const flags = ['-listen', isHidden ? 'none' : stack.listen, '-key', key, '-security', stack.security, ...(stack.muxer === 'mplex' ? ['-muxer', 'mplex'] : []), ...(isRelay ? ['-relay'] : [])]
    const id = [...flags, which].join(' ')
    const known = this.#started.get(id) ?? this.#start(flags)

    this.#started.set(id, known)

    return known
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(Array.from(this.#started.values(), async (peer) => (await peer)[Symbol.asyncDispose]()))
  }

  async #start (flags: readonly string[]): Promise<RemotePeer> {
    return RemotePeer.start(await this.#program.prepare(), flags)
  }
}

/** Registers the tests of a program, as the cells say. */
export function testMatrix (program: Program): void {
  const { blocks, rsa, hasRelay } = PLANS[program.name]
  const processes = new Processes(program)

  // a first build fetches what it needs: a hook may take longer than a test
  beforeAll(async () => { await program.prepare() })
  afterAll(async () => processes[Symbol.asyncDispose]())

  describe.each(blocks.map(({ stack, features }) => ({ name: stack.name, stack, features })))(`${program.name} › $name`, ({ stack, features }) => {
    describe.each(WAYS)('%s', (way) => {
      it.each(features.filter(({ ways = WAYS }) => ways.includes(way)).map((feature) => ({ name: feature.name, feature })))('$name', async ({ feature }) => {
        await using ours = await OurPeer.start({ stack })

        const theirs = await processes.get({ stack }, feature.isAlone === true ? `${feature.name}, ${way}` : undefined)

        await withPair(way, { ours, theirs, stack }, async (pair) => feature.run(pair))
      })
    })
  })

  describe.each(rsa.map((stack) => ({ name: stack.name, stack })))(`${program.name} › $name`, ({ stack }) => {
    it.each(WAYS)(`%s › ${RSA_FEATURE}`, async (way) => {
      await using ours = await OurPeer.start({ stack, key: 'rsa' })

      await withPair(way, { ours, theirs: await processes.get({ stack, key: 'rsa' }), stack }, expectRsa)
    })
  })

  if (hasRelay) {
    testRelay(program, processes)
  }
}

function testRelay (program: Program, processes: Processes): void {
  describe(`${program.name} › ${STACKS.noise.name}`, () => {
    const stack = STACKS.noise

    it(`${RELAY_WAYS[0]} › ${RELAY_FEATURE}`, async () => {
      await using listener = await OurPeer.start({ stack })
      await using dialer = await OurPeer.start({ stack })

      await expectRelayed(await processes.get({ stack, isRelay: true }), { listener, dialer })
    })

    it(`${RELAY_WAYS[1]} › ${RELAY_FEATURE}`, async () => {
      await using relay = await OurPeer.start({ stack, isRelay: true })

      await expectRelayed(relay, { listener: await processes.get({ stack, isHidden: true }), dialer: await processes.get({ stack }, 'over a relay') })
    })
  })
}

interface Both {
  readonly ours: Peer
  readonly theirs: Peer
  readonly stack: Stack
}

async function withPair (way: Way, { ours, theirs, stack }: Both, run: (pair: Pair) => Promise<void>): Promise<void> {
  const [dialer, listener] = way === 'we dial' ? [ours, theirs] : [theirs, ours]

  await dialer.do('connect', { addr: addressOf(listener) })
  await run({ dialer, listener, stack })
}

function addressOf ({ name, addrs }: Peer): string {
  const [address] = addrs

  if (address == null) {
    throw new Error(`${name} listens nowhere`)
  }

  return address
}

async function expectRsa ({ dialer, listener }: Pair): Promise<void> {
  expect(dialer.peer).toMatch(/^Qm/)
  expect(listener.peer).toMatch(/^Qm/)
  await dialer.do('ping', { peer: listener.peer }) // or the listener may not have finished its side
  expect(await dialer.do('connection', { peer: listener.peer })).toMatchObject({ keyType: 'RSA' })
  expect(await listener.do('connection', { peer: dialer.peer })).toMatchObject({ keyType: 'RSA' })
  await dialer.do('echo', { peer: listener.peer, bytes: 1000 })
}

/** The listener is reached through the relay alone. */
async function expectRelayed (relay: Peer, { listener, dialer }: Pick<Pair, 'listener' | 'dialer'>): Promise<void> {
  const via = addressOf(relay)

  await listener.do('connect', { addr: via })
  await listener.do('reserve', { addr: via })

  expect(await dialer.do('connect', { addr: `${via}/p2p-circuit/p2p/${listener.peer}` })).toMatchObject({ peer: listener.peer, transport: 'p2p-circuit' })
  await dialer.do('echo', { peer: listener.peer, bytes: 100_000 })
}
