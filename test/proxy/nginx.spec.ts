import { describe, expect, it } from 'vitest'
import { connect } from '../../src/channel/index.ts'
import { createAuthority } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { Behind } from './behind.ts'
import { startNginx } from './nginx.ts'
import type { Answer, Job } from './behind.ts'
import type { Nginx } from './nginx.ts'
import type { ByteStream, Session } from '../../src/channel/index.ts'

const MIB = 1024 * 1024
const CHUNK = Uint8Array.from({ length: 50_000 }, (_, index) => index % 251)

type Way = 'HTTP/2' | 'HTTP/2 with TLS' | 'WebSocket'

const WAYS: Way[] = ['HTTP/2', 'HTTP/2 with TLS', 'WebSocket']

/** nginx between a client and a service. */
class Scene implements AsyncDisposable {
  readonly behind: Behind
  readonly nginx: Nginx
  readonly #urls: Readonly<Record<Way, string>>
  readonly #ca: string

  constructor (behind: Behind, nginx: Nginx, urls: Readonly<Record<Way, string>>, ca: string) {
    this.behind = behind
    this.nginx = nginx
    this.#urls = urls
    this.#ca = ca
  }

  static async start (): Promise<Scene> {
    const behind = await Behind.listen()
    const front = { h2c: await freePort(), h2: await freePort(), http: await freePort() }
    const authority = createAuthority()
    const nginx = await startNginx({ front, back: behind.ports, certificate: authority.issue('proxy') })

    return new Scene(behind, nginx, {
      'HTTP/2': `http2://127.0.0.1:${front.h2c}/channels`,
      'HTTP/2 with TLS': `https2://localhost:${front.h2}/channels`,
      WebSocket: `ws://127.0.0.1:${front.http}/channels`
    }, authority.cert)
  }

  async connect (way: Way, path = '/channels'): Promise<Session> {
    return connect(this.#urls[way].replace('/channels', path), { tls: { ca: this.#ca } })
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.behind[Symbol.asyncDispose]()
    await this.nginx[Symbol.asyncDispose]()
  }
}

async function ask (session: Session, word: string): Promise<{ answers: AsyncIterable<Answer>, stream: ByteStream }> {
  const jobs = session.newSendChannel<Job>()
  const [answers, remoteAnswers] = session.createNestedReceiver<Answer>()
  const [stream, remoteStream] = session.createByteStream()

  await jobs.send({ word, answers: remoteAnswers, stream: remoteStream })

  return { answers, stream }
}

async function writeAll (stream: ByteStream, total: number): Promise<void> {
  for (let written = 0; written < total; written += CHUNK.byteLength) {
    await stream.write(CHUNK.subarray(0, total - written))
  }

  await stream.closeWrite()
}

/** How many bytes came, and whether they are those of `writeAll`. */
async function readAll (stream: ByteStream): Promise<{ total: number, isSame: boolean }> {
  let total = 0
  let isSame = true

  for await (const bytes of stream) {
    isSame &&= isFrom(total, bytes)
    total += bytes.byteLength
  }

  return { total, isSame }
}

function isFrom (offset: number, bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => byte === ((offset + index) % CHUNK.byteLength) % 251)
}

describe.each(WAYS)('nginx in front of channels over %s', (way) => {
  it('passes channels within channels, and bytes both ways with their ends', async () => {
    await using scene = await Scene.start()
    const session = await scene.connect(way)
    const words: string[] = []

    const { answers, stream } = await ask(session, 'hello')
    const [echoed] = await Promise.all([readAll(stream), writeAll(stream, 16 * MIB)])

    for await (const { word, again } of answers) {
      words.push(word)

      for await (const once of again) {
        words.push(once)
      }
    }

    expect(words).toEqual(['HELLO', 'hello'])
    expect(echoed).toEqual({ total: 16 * MIB, isSame: true })
    await session.close()
  })

  it('passes codes and messages of those who give up', async () => {
    await using scene = await Scene.start()
    await using session = await scene.connect(way)
    const { answers, stream } = await ask(session, '')

    await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 300, message: 'no word' } })
    await expect(stream.read()).rejects.toMatchObject({ code: 'StreamReset', reason: { code: 301 } })
  })

  it('passes the close of a session from either side', async () => {
    await using scene = await Scene.start()
    const one = await scene.connect(way)
    const two = await scene.connect(way)

    for (const session of [one, two]) {
      await readAll(await ask(session, 'a').then(async ({ stream }) => {
        await stream.closeWrite()

        return stream
      }))
    }

    await one.close()
    await scene.behind.sessions[1]?.close()

    expect((await scene.behind.sessions[0]?.closed)?.by).toBe('them')
    expect((await two.closed).by).toBe('them')
  })

  it('is a loss to both sides when it dies', async () => {
    await using scene = await Scene.start()
    const session = await scene.connect(way)
    const { stream } = await ask(session, 'a')
    const reading = stream.read()

    reading.catch(() => {}) // it is looked at below
    await stream.write('x')
    await reading
    await scene.nginx.kill()

    expect((await session.closed).by).toBe('loss')
    expect((await scene.behind.sessions[0]?.closed)?.by).toBe('loss')
    await expect(stream.read()).rejects.toMatchObject({ code: 'ConnectionLost' })
  })

  it('passes what is said to those who come to a wrong path', async () => {
    await using scene = await Scene.start()

    await expect(scene.connect(way, '/elsewhere')).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: expect.stringMatching(/ 404 .*Channels are served at \/channels/)
    })
  })
})
