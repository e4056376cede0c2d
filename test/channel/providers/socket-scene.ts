import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { duplexPair } from 'node:stream'
import { NodeLink, WebLink } from '../../../src/channel/providers/socket/index.ts'
import type { ByteLink } from '../../../src/channel/contract/index.ts'
import type { AddressInfo, Socket } from 'node:net'

export interface LinkScene {
  near: ByteLink
  far: ByteLink
  /** Breaks the connection, as `near` sees it. */
  breakOff (): void
}

/** Two connected sockets. */
export async function sockets (): Promise<[near: Socket, far: Socket]> {
  const server = createServer({ allowHalfOpen: true })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const [far] = await once(server, 'connection') as [Socket]

  await once(near, 'connect')
  server.close()

  return [near, far]
}

async function overSockets (): Promise<LinkScene> {
  const [near, far] = await sockets()

  return { near: new NodeLink(near), far: new NodeLink(far), breakOff: () => { far.resetAndDestroy() } }
}

async function overDuplexes (): Promise<LinkScene> {
  const [near, far] = duplexPair({ allowHalfOpen: true })

  return { near: new NodeLink(near), far: new NodeLink(far), breakOff: () => { near.destroy(new Error('it broke')) } }
}

async function overReadableAndWritable (): Promise<LinkScene> {
  const [to, from] = [duplexPair(), duplexPair()]

  return { near: new NodeLink(from[1], to[0]), far: new NodeLink(to[1], from[0]), breakOff: () => { from[1].destroy(new Error('it broke')) } }
}

async function overWebStreams (): Promise<LinkScene> {
  const strategy = { highWaterMark: 64 * 1024, size: (chunk: Uint8Array) => chunk.byteLength }
  let controller: TransformStreamDefaultController<Uint8Array> | undefined
  const to = new TransformStream<Uint8Array, Uint8Array>({}, strategy)
  const from = new TransformStream<Uint8Array, Uint8Array>({ start (given) { controller = given } }, strategy)

  return {
    near: new WebLink({ readable: from.readable, writable: to.writable }),
    far: new WebLink({ readable: to.readable, writable: from.writable }),
    breakOff: () => { controller?.error(new Error('it broke')) }
  }
}

export const LINKS: ReadonlyArray<readonly [name: string, make: () => Promise<LinkScene>]> = [
  ['sockets', overSockets],
  ['duplexes of Node', overDuplexes],
  ['readables and writables of Node', overReadableAndWritable],
  ['streams of the web', overWebStreams]
]
