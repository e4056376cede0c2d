import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { noise as npmNoise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { noise } from '../../src/noise/index.ts'
import { link } from '../support/yamux-link.ts'
import type { NoiseExtensions, NoiseInit, NoiseStream } from '../../src/noise/index.ts'
import type { LinkEnd, LinkOptions } from '../support/yamux-link.ts'
import type { ConnectionEncrypter, MessageStream, PeerId, PrivateKey, SecuredConnection, StreamMuxerFactory, Upgrader } from '@libp2p/interface'

/** Who takes part in a handshake. */
export interface Party {
  encrypter: ConnectionEncrypter<NoiseExtensions>
  peerId: PeerId
  privateKey: PrivateKey
}

export interface PartyInit extends NoiseInit {
  privateKey?: PrivateKey
  muxers?: string[]
  /** @default 'ours' */
  by?: 'ours' | 'npm'
}

export async function party ({ privateKey, muxers = [], by = 'ours', ...init }: PartyInit = {}): Promise<Party> {
  const key = privateKey ?? await generateKeyPair('Ed25519')
  const peerId = peerIdFromPrivateKey(key)
  const upgrader = { getStreamMuxers: () => new Map(muxers.map((protocol) => [protocol, { protocol } as unknown as StreamMuxerFactory])) } as unknown as Upgrader
  const components = { privateKey: key, peerId, upgrader, logger: defaultLogger() }
  const encrypter = by === 'ours' ? noise(init)(components) : npmNoise(init as object)(components)

  return { encrypter: encrypter as ConnectionEncrypter<NoiseExtensions>, peerId, privateKey: key }
}

export type Ends = [dialer: LinkEnd, listener: LinkEnd]
export type Secured = SecuredConnection<NoiseExtensions>

/** Both handshakes of a connection in memory. */
export async function secure (dialer: Party, listener: Party, ends: Ends = link()): Promise<[Secured, Secured]> {
  return Promise.all([dialer.encrypter.secureOutbound(ends[0]), listener.encrypter.secureInbound(ends[1])])
}

/** As `secure`, as they end; whoever fails aborts its end, as an upgrader does. */
export async function trySecure (dialer: Party, listener: Party, ends: Ends = link()): Promise<[PromiseSettledResult<Secured>, PromiseSettledResult<Secured>]> {
  const orAbort = async (end: LinkEnd, securing: Promise<Secured>): Promise<Secured> => {
    try {
      return await securing
    } catch (thrown) {
      end.abort(thrown as Error)
      throw thrown
    }
  }

  return Promise.allSettled([
    orAbort(ends[0], dialer.encrypter.secureOutbound(ends[0])),
    orAbort(ends[1], listener.encrypter.secureInbound(ends[1]))
  ])
}

export interface NoisePair {
  near: NoiseStream
  far: NoiseStream
  ends: Ends
  /** What arrived at `far`, an event each. */
  events: Uint8Array[]
  /** What happened to `far`, in order. */
  told: string[]
}

/** Two ends of an encrypted connection in memory. */
export async function noisePair (options: LinkOptions = {}): Promise<NoisePair> {
  const ends = link(options)
  const [{ connection: near }, { connection: far }] = await secure(await party(), await party(), ends)
  const events: Uint8Array[] = []

  far.addEventListener('message', ({ data }) => { events.push(data.slice()) })

  return { near: near as NoiseStream, far: far as NoiseStream, ends, events, told: record(far) }
}

/** The events of a stream by name; the end with its error, and whose doing that was. */
export function record (stream: MessageStream): string[] {
  const told: string[] = []

  for (const type of ['remoteCloseWrite', 'drain', 'idle', 'end'] as const) {
    stream.addEventListener(type, () => { told.push(type) })
  }

  stream.addEventListener('close', ({ error, local }) => {
    told.push(error == null ? 'close' : `${local === true ? 'abort' : 'reset'} ${error.name}`)
  })

  return told
}

/** Everything until the end of a stream. */
export async function readAll (stream: MessageStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []

  for await (const chunk of stream) {
    chunks.push(chunk.subarray())
  }

  return Buffer.concat(chunks)
}

/** Bytes that differ from their neighbours, whatever their number. */
export function pattern (byteLength: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(byteLength)

  for (let i = 0, state = seed; i < byteLength; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = state >>> 16
  }

  return bytes
}
