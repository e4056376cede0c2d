import { once } from 'node:events'
import { createServer } from 'node:http'
import { dockerclientBackend } from '../../../src/backends/dockerclient/dockerclient.ts'
import { systemClock } from '../../../src/base/index.ts'
import { spawnStage } from '../stage.ts'
import type { TestStage } from '../stage.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What is answered to one request, named by its method and its path without the version: `GET /info`. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void
/** What is done with a connection that is to be hijacked; `head` are bytes that came with the request. */
export type Hijack = (socket: Socket, head: Buffer, request: IncomingMessage) => void

export interface Script {
  /** What a ping names. @default '1.41' */
  readonly apiVersion?: string | undefined
  readonly answers?: Readonly<Record<string, Answer>> | undefined
  readonly hijacks?: Readonly<Record<string, Hijack>> | undefined
}

/** An engine that answers what it was told to, and nothing else; and a client of it. */
export interface Scene extends AsyncDisposable {
  readonly stage: TestStage
  /** Method and whole path of each request, pings left out. */
  readonly requests: readonly string[]
  readonly sockets: ReadonlySet<Socket>
}

/** `{"Id":"…"}` of what all containers are. */
export const ID = 'c0ffee'

const INSPECTED = JSON.stringify({ Id: ID, Config: { Tty: true }, State: { Running: true } })

export async function stubScene ({ apiVersion = '1.41', answers = {}, hijacks = {} }: Script = {}): Promise<Scene> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const all: Readonly<Record<string, Answer>> = {
    'GET /_ping': (response) => { response.setHeader('Api-Version', apiVersion).end('OK') },
    'GET /containers/web/json': (response) => { response.end(INSPECTED) },
    [`GET /containers/${ID}/json`]: (response) => { response.end(INSPECTED) },
    ...answers
  }
  const keyOf = ({ method, url = '' }: IncomingMessage): string => `${method} ${url.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`
  const note = (request: IncomingMessage): void => {
    if (request.url !== '/_ping') {
      requests.push(`${request.method} ${request.url}`)
    }
  }
  const server = createServer((request, response) => {
    const answer = all[keyOf(request)]

    note(request)

    if (answer == null) {
      response.writeHead(500).end(JSON.stringify({ message: `no such path in this stub: ${keyOf(request)}` }))
    } else {
      answer(response, request)
    }
  })

  server.on('upgrade', (request, socket, head) => {
    note(request)
    hijacks[keyOf(request)]?.(socket as Socket, head, request)
    socket.resume().once('end', () => { socket.end() }) // as an engine that learns that its client has gone
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => { sockets.delete(socket) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const stage = await spawnStage(dockerclientBackend, [`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`], { env: {}, clock: systemClock })

  await stage.object.start()

  return {
    stage,
    requests,
    sockets,
    async [Symbol.asyncDispose] () {
      await stage[Symbol.asyncDispose]()
      sockets.forEach((socket) => { socket.destroy() })
      server.close()
      await once(server, 'close')
    }
  }
}
