import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'
import { addressOf, DEAD, echo, ECHO, echoServer, rejection, swarmPair } from '../../support/swarm-pair.ts'
import { until } from '../../support/until.ts'
import type { DialError, Swarm } from '../../../src/index.ts'
import type { ConnectionGater } from '@libp2p/interface'

type Hook = keyof ConnectionGater

/** A gater that says no at one stage, and counts how often it was asked there. */
function denying (hook: Hook): { connectionGater: ConnectionGater, asked (): number } {
  let asked = 0
  const deny = async (): Promise<boolean> => {
    asked++

    return true
  }

  return { connectionGater: { [hook]: deny }, asked: () => asked }
}

async function isIdle (swarm: Swarm): Promise<void> {
  await until(() => swarm.stat().connections.inbound + swarm.stat().connections.outbound === 0)
}

describe('the gater of the side that dials', () => {
  // TestConnectionGating
  it.each<[Hook, string, number]>([
    ['denyDialPeer', 'Gated', 0],
    ['denyDialMultiaddr', 'Gated', 1],
    ['denyOutboundConnection', 'AllDialsFailed', 1],
    ['denyOutboundEncryptedConnection', 'AllDialsFailed', 1],
    ['denyOutboundUpgradedConnection', 'AllDialsFailed', 1]
  ])('refuses with %s', async (hook, code, errors) => {
    const gater = denying(hook)
    await using near = await createSwarm(gater)
    await using far = await echoServer()

    const error = await rejection(near.dial(addressOf(far))) as DialError

    expect(error).toMatchObject({ name: 'DialError', code })
    expect(error.errors.map((one) => [one.code, one.phase])).toEqual(Array(errors).fill(['Gated', 'gate']))
    expect(error.message).toContain('gater disallows connection to peer')
    expect(gater.asked()).toBe(1)
    await Promise.all([isIdle(near), isIdle(far)])
    expect(near.peers()).toEqual([])
  })

  it('refuses through newStream as well', async () => {
    await using near = await createSwarm(denying('denyDialPeer'))
    await using far = await echoServer()

    await expect(near.newStream(addressOf(far), ECHO)).rejects.toMatchObject({ code: 'Gated' })
  })

  it('is asked about a dial, and not about a connection that is there', async () => {
    const gater = denying('denyDialPeer')
    await using pair = await swarmPair({}, gater)
    const { near, far, inbound } = pair

    expect(await far.dial(near.peerId)).toBe(inbound)
    expect(gater.asked()).toBe(0)
  })

  it('is not asked about the connections of others, so that who may not be dialled may still come', async () => {
    await using near = await createSwarm()
    await using far = await echoServer({ connectionGater: { denyDialPeer: () => true, denyDialMultiaddr: () => true, denyOutboundConnection: () => true, denyOutboundEncryptedConnection: () => true, denyOutboundUpgradedConnection: () => true } })

    expect(await echo(await near.dial(addressOf(far)), 'welcome')).toBe('welcome')
  })

  it('chooses among addresses', async () => {
    await using far = await echoServer()
    await using near = await createSwarm({ connectionGater: { denyDialMultiaddr: (address) => address.toString().startsWith(DEAD[0] ?? '') } })

    const connection = await near.dial([`${DEAD[0]}/p2p/${far.peerId}`, addressOf(far)])

    expect(connection.remoteAddr.toString()).toBe(addressOf(far))
    expect(near.backoff.blocked(far.peerId, DEAD[0] ?? '')).toBe(false)
  })

  it('that throws refuses, and says so', async () => {
    await using far = await echoServer()
    await using near = await createSwarm({ connectionGater: { denyOutboundEncryptedConnection: () => { throw new Error('the gater is on fire') } } })

    const error = await rejection(near.dial(addressOf(far))) as DialError

    expect(error.errors).toMatchObject([{ phase: 'gate' }])
    expect(error.message).toContain('the gater is on fire')
    await isIdle(near)
  })

  it.each<Hook>(['denyDialPeer', 'denyDialMultiaddr', 'denyOutboundEncryptedConnection'])('that never answers in %s is not waited for after an abort', async (hook) => {
    await using far = await echoServer()
    const asked = Promise.withResolvers<void>()
    const never = async (): Promise<never> => {
      asked.resolve()

      return new Promise(() => {})
    }
    await using near = await createSwarm({ connectionGater: { [hook]: never } })
    const caller = new AbortController()
    const dial = near.dial(addressOf(far), { signal: caller.signal })

    await asked.promise
    caller.abort(new Error('enough'))

    await expect(dial).rejects.toThrow('enough')
    await isIdle(near)
  })
})

describe('the gater of the side that is dialled', () => {
  it.each<Hook>(['denyInboundConnection', 'denyInboundEncryptedConnection', 'denyInboundUpgradedConnection'])('refuses with %s, and nobody is told of a connection', async (hook) => {
    const gater = denying(hook)
    await using near = await createSwarm()
    await using far = await echoServer(gater)
    const told: string[] = []

    far.notify({ connected: () => { told.push('connected') }, disconnected: () => { told.push('disconnected') } })

    // the dialler may have finished its part of the handshake before the answer arrives
    const result = await near.dial(addressOf(far)).then(async ({ closed }) => (await closed).code, ({ code }: DialError) => code)

    expect(['AllDialsFailed', 'lost', 'gated']).toContain(result)
    await Promise.all([isIdle(near), isIdle(far)])
    expect(gater.asked()).toBe(1)
    expect(told).toEqual([])
    expect([near.peers(), far.peers()]).toEqual([[], []])
  })

  it('is given the peer that was proven, and the address that it came from', async () => {
    const asked: string[] = []
    await using near = await createSwarm()
    await using far = await echoServer({
      connectionGater: {
        denyInboundConnection: ({ remoteAddr }) => {
          asked.push(remoteAddr.toString().replace(/\d+$/, 'port'))

          return false
        },
        denyInboundEncryptedConnection: (peer) => {
          asked.push(`encrypted ${peer.toString()}`)

          return false
        },
        denyInboundUpgradedConnection: (peer) => {
          asked.push(`upgraded ${peer.toString()}`)

          return false
        }
      }
    })

    expect(await echo(await near.dial(addressOf(far)), 'let in')).toBe('let in')
    expect(asked).toEqual(['/ip4/127.0.0.1/tcp/port', `encrypted ${near.peerId}`, `upgraded ${near.peerId}`])
  })

  it('may let one peer in and keep another out', async () => {
    await using friend = await createSwarm()
    await using stranger = await createSwarm()
    await using far = await echoServer({ connectionGater: { denyInboundEncryptedConnection: (peer) => !peer.equals(friend.peerId) } })

    const refused = stranger.dial(addressOf(far)).then(async ({ closed }) => closed, () => {})

    expect(await echo(await friend.dial(addressOf(far)), 'friend')).toBe('friend')
    await refused
    expect(far.peers().map(String)).toEqual([friend.peerId.toString()])
  })
})
