import { mplex } from '@libp2p/mplex'
import { noise } from '@libp2p/noise'
import { generateKey, preSharedKey } from '@libp2p/pnet'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity } from '../../../src/index.ts'
import { addressOf, echo, echoServer, rejection, swarmPair } from '../../support/swarm-pair.ts'
import { stranger } from '../../support/tcp-server.ts'
import { until } from '../../support/until.ts'
import type { DialError, SwarmInit } from '../../../src/index.ts'

const [RSA, ED25519] = await Promise.all([generateIdentity({ type: 'RSA' }), generateIdentity()])

function key (): Uint8Array {
  const psk = new Uint8Array(95)

  generateKey(psk)

  return psk
}

const [PSK, OTHER_PSK] = [key(), key()]

function network (psk: Uint8Array, init: SwarmInit = {}): SwarmInit {
  return { ...init, connectionProtector: preSharedKey({ psk }) }
}

describe('identities', () => {
  it.each([['noise', noise()], ['TLS', tls()]])('of RSA and Ed25519 find each other over %s, whoever dials', async (_name, encrypter) => {
    for (const [near, far] of [[RSA, ED25519], [ED25519, RSA]]) {
      await using pair = await swarmPair({ identity: near, connectionEncrypters: [encrypter] }, { identity: far, connectionEncrypters: [encrypter] })
      const { connection, inbound } = pair

      expect(connection.remotePeer.equals(far?.peerId)).toBe(true)
      expect(inbound.remotePeer.equals(near?.peerId)).toBe(true)
      expect(await echo(connection, 'hello')).toBe('hello')
    }
  })

  it('of RSA are kept with their key, so that it is there when the peer is dialled again', async () => {
    await using pair = await swarmPair({}, { identity: RSA })
    const { near } = pair

    expect((await near.peerStore.get(RSA.peerId)).id.publicKey?.equals(RSA.publicKey)).toBe(true)
  })
})

describe('encrypters', () => {
  it.each<[string, SwarmInit['connectionEncrypters'], SwarmInit['connectionEncrypters'], string]>([
    ['by default', undefined, undefined, '/noise'],
    ['by TLS where both have nothing else', [tls()], [tls()], '/tls/1.0.0'],
    ['by what the listener has too', [tls(), noise()], [noise()], '/noise'],
    ['by what the dialler prefers', [tls(), noise()], [noise(), tls()], '/tls/1.0.0']
  ])('are agreed on %s', async (_how, near, far, encryption) => {
    await using pair = await swarmPair({ connectionEncrypters: near }, { connectionEncrypters: far })
    const { connection, inbound } = pair

    expect([connection.encryption, inbound.encryption]).toEqual([encryption, encryption])
    expect(await echo(connection, 'secret')).toBe('secret')
  })

  it('fail the dial in phase encrypt where the two have none in common', async () => {
    await using server = await echoServer({ connectionEncrypters: [tls()] })
    await using client = await createSwarm({ connectionEncrypters: [noise()] })

    const error = await rejection(client.dial(addressOf(server))) as DialError

    expect(error).toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'UpgradeFailed', phase: 'encrypt' }] })
    expect(error.message).toContain('the peer speaks none of /noise')
  })
})

describe('muxers', () => {
  it.each<[string, SwarmInit['streamMuxers'], SwarmInit['streamMuxers'], string]>([
    ['by default', undefined, undefined, '/yamux/1.0.0'],
    ['by what both have', [yamux(), mplex()], [mplex()], '/mplex/6.7.0'],
    ['by what the dialler prefers', [mplex(), yamux()], [yamux(), mplex()], '/mplex/6.7.0']
  ])('are agreed on %s', async (_how, near, far, multiplexer) => {
    await using pair = await swarmPair({ streamMuxers: near }, { streamMuxers: far })
    const { connection, inbound } = pair

    expect([connection.multiplexer, inbound.multiplexer]).toEqual([multiplexer, multiplexer])
    expect(await echo(connection, 'muxed')).toBe('muxed')
  })

  // Noise agrees on the muxer in its own handshake, TLS does not
  it.each([['noise', noise(), 'encrypt'], ['TLS', tls(), 'mux']])('fail the dial over %s where the two have none in common', async (_name, encrypter, phase) => {
    await using server = await echoServer({ streamMuxers: [mplex()], connectionEncrypters: [encrypter] })
    await using client = await createSwarm({ streamMuxers: [yamux()], connectionEncrypters: [encrypter] })

    await expect(client.dial(addressOf(server))).rejects.toMatchObject({ code: 'AllDialsFailed', errors: [{ code: 'UpgradeFailed', phase }] })
  })
})

describe('a network with a pre-shared key', () => {
  it('connects those who have the key', async () => {
    await using pair = await swarmPair(network(PSK), network(PSK))

    expect(await echo(pair.connection, 'among us')).toBe('among us')
  })

  it.each<[string, SwarmInit, SwarmInit]>([
    ['another key', network(PSK), network(OTHER_PSK)],
    ['no key, towards one who has', {}, network(PSK)],
    ['a key, towards one who has none', network(PSK), {}]
  ])('turns away who has %s, in bounded time, and neither side hangs', async (_who, near, far) => {
    const bounds: SwarmInit = { dial: { localAddressTimeoutMs: 300 }, connection: { inboundUpgradeTimeoutMs: 300, negotiateTimeoutMs: 300 } }
    await using server = await echoServer({ ...far, ...bounds })
    await using client = await createSwarm({ ...near, ...bounds })

    const error = await rejection(client.dial(addressOf(server))) as DialError

    expect(error.code).toBe('AllDialsFailed')
    expect(['protect', 'encrypt']).toContain(error.errors[0]?.phase)
    expect(server.connections()).toEqual([])
    await using caller = await stranger(addressOf(server))

    await caller.closed
    await until(() => client.stat().connections.outbound === 0 && server.stat().connections.inbound === 0)
  })

  it('says that it was waiting for the key when a peer says nothing', async () => {
    await using server = await echoServer(network(PSK, { connection: { inboundUpgradeTimeoutMs: 100 } }))
    await using caller = await stranger(addressOf(server))

    await caller.closed
    await until(() => server.stat().connections.inbound === 0)
  })
})
