import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, listen, pipe } from '../../src/channel/index.ts'
import { createAuthority } from '../support/certificates.ts'
import { checksum, NESTING_DEPTH, pattern, STREAM_BYTES } from './support/libchan-messages.ts'
import { LIBCHAN_SKIP_REASON, LibchanPeer } from './support/libchan-peer.ts'
import { serveLibchan } from './support/libchan-service.ts'
import type { Link, Numbered, Reply, RequestToSend } from './support/libchan-messages.ts'
import type { LibchanServer } from './support/libchan-peer.ts'
import type { Receiver, Sender, Session, SessionEnd, TlsOptions } from '../../src/channel/index.ts'

const CASES = ['echo', 'flight', 'record', 'sum', 'count', 'nest', 'read', 'write', 'duplex', 'exec', 'close']
const IN_FLIGHT = 200
const MINUTE = 60_000

const built: { peer?: LibchanPeer, folder?: string } = {}

function peer (): LibchanPeer {
  if (built.peer == null) {
    throw new Error('Go libchan was not built')
  }

  return built.peer
}

interface Security { scheme: 'spdy' | 'spdys', tls: TlsOptions, files: { cert: string, key: string } | undefined, ca: string | undefined }

async function security (scheme: 'spdy' | 'spdys'): Promise<Security> {
  if (scheme === 'spdy') {
    return { scheme, tls: {}, files: undefined, ca: undefined }
  }

  const authority = createAuthority()
  const own = authority.issue('localhost')
  const path = (name: string): string => join(built.folder ?? '', name)

  await Promise.all([writeFile(path('ca.pem'), authority.cert), writeFile(path('cert.pem'), own.cert), writeFile(path('key.pem'), own.key)])

  return { scheme, tls: { ...own, ca: authority.cert, servername: 'localhost' }, files: { cert: path('cert.pem'), key: path('key.pem') }, ca: path('ca.pem') }
}

interface Client extends AsyncDisposable {
  session: Session
  requests: Sender<unknown>
  /** Sends a request and gives the one reply. */
  ask (request: RequestToSend): Promise<Reply>
}

/** Our client, connected to a server of Go libchan. */
async function client (scheme: 'spdy' | 'spdys'): Promise<Client> {
  const { tls, files } = await security(scheme)
  const server: LibchanServer = await peer().serve(files)
  const session = await connect(`${scheme}://${server.address}`, { tls })
  const requests = session.newSendChannel()

  return {
    session,
    requests,
    ask: async (request) => {
      const [replies, Ret] = session.createNestedReceiver<Reply>()

      await requests.send({ ...request, Ret })

      const { value } = await replies.receive()
      const { done } = await replies.receive()

      expect(done).toBe(true)

      return value as Reply
    },
    [Symbol.asyncDispose]: async () => {
      await session.close()
      await server[Symbol.asyncDispose]()
    }
  }
}

async function endsOf (sessions: Session[]): Promise<SessionEnd[]> {
  return Promise.all(sessions.map(async ({ closed }) => closed))
}

/** What is written, kept. */
function sink (): { writable: Writable, text: Promise<string> } {
  const chunks: Uint8Array[] = []
  const { promise, resolve } = Promise.withResolvers<string>()

  return {
    writable: new Writable({
      write (chunk: Uint8Array, _, callback) {
        chunks.push(chunk)
        callback()
      },
      final (callback) {
        resolve(Buffer.concat(chunks).toString())
        callback()
      }
    }),
    text: promise
  }
}

async function numbersOf (receiver: Receiver<Numbered>): Promise<number[]> {
  const numbers: number[] = []

  for await (const { N } of receiver) {
    numbers.push(N)
  }

  return numbers
}

describe.skipIf(LIBCHAN_SKIP_REASON != null)('channels with Go libchan', { timeout: MINUTE }, () => {
  beforeAll(async () => {
    built.folder = await mkdtemp(join(tmpdir(), 'libchan-'))
    built.peer = await LibchanPeer.build()
  }, 5 * MINUTE)

  afterAll(async () => {
    await built.peer?.[Symbol.asyncDispose]()
    await rm(built.folder ?? '', { recursive: true, force: true })
  })

  it('have the frames of which the test vectors tell', async () => {
    const vectors: unknown = JSON.parse(await readFile(new URL('../vectors/spdy/frames.json', import.meta.url), 'utf8'))

    expect(await peer().vectors()).toEqual(vectors)
  })

  describe.each(['spdy', 'spdys'] as const)('whose client calls our server over %s:', (scheme) => {
    it.each(CASES)('%s', async (name) => {
      const { tls, ca } = await security(scheme)
      const errors: unknown[] = []
      const sessions: Session[] = []
      const serve = async (session: Session): Promise<void> => {
        sessions.push(session)
        await serveLibchan(session, (error) => errors.push(error))
      }
      await using listener = await listen(`${scheme}://127.0.0.1:0`, serve, { tls: { ...(tls.cert != null && { cert: tls.cert }), ...(tls.key != null && { key: tls.key }) } })

      const output = await peer().call(new URL(listener.url).host, name, ca == null ? {} : { ca })

      const ends = await endsOf(sessions)

      expect([output, errors, ends]).toEqual([`ok ${name}\n`, [], [{ by: 'them', error: undefined }]])
    })
  })

  describe.each(['spdy', 'spdys'] as const)('whose server our client calls over %s:', (scheme) => {
    it('data of all kinds comes back as it was', async () => {
      await using go = await client(scheme)
      const values = [
        null, true, false, '', 'grüße', 'x'.repeat(70_000), new Uint8Array(0), Uint8Array.of(0, 255), 0, -1, 127, 128, 255, 256, -128, -129, -32_769,
        2 ** 40, Number.MAX_SAFE_INTEGER, -(2n ** 63n), 2n ** 64n - 1n, 0.5, -1e300, Infinity, [1, ['two', [3]]], { a: { b: [null] } },
        new Date('2026-01-02T03:04:05.678Z')
      ]

      for (const value of values) {
        expect((await go.ask({ Op: 'echo', Value: value })).Value).toEqual(value)
      }
    })

    it('structs are filled by name', async () => {
      await using go = await client(scheme)
      const record = {
        Int: -5,
        Uint: 2n ** 64n - 1n,
        Small: -128,
        Float: 1.25,
        Single: 0.5,
        Flag: true,
        Text: 'text',
        Bytes: Uint8Array.of(1, 2, 3),
        When: new Date(1_700_000_000_123),
        List: ['a', 'b'],
        Map: { k: 'v' },
        Inner: { Text: 'inner' },
        tag: 'tagged',
        Unknown: 'left out'
      }

      const { Data } = await go.ask({ Op: 'record', Data: record })
      const { Inner, Unknown, ...rest } = record

      expect(Data).toMatchObject(rest)
      expect(Data?.Inner).toMatchObject(Inner)
      expect(Data).not.toHaveProperty('Unknown', Unknown)
    })

    it('many requests are in flight, each with a channel for its answer', async () => {
      await using go = await client(scheme)

      const replies = await Promise.all(Array.from({ length: IN_FLIGHT }, async (_, index) => go.ask({ Op: 'echo', Value: index })))

      expect(replies.map(({ Value }) => Value)).toEqual(Array.from({ length: IN_FLIGHT }, (_, index) => index))
    })

    it('a nested receiver gets what we send, to the end', async () => {
      await using go = await client(scheme)
      const [numbers, In] = go.session.createNestedSender<Numbered>()

      const reply = go.ask({ Op: 'sum', In })

      for (let N = 0; N < 1000; N++) {
        await numbers.send({ N })
      }

      await numbers.close()

      expect((await reply).N).toBe(499_500)
    })

    it('a nested sender sends what we receive, to the end', async () => {
      await using go = await client(scheme)
      const [numbers, Ret] = go.session.createNestedReceiver<Numbered>()

      await go.requests.send({ Op: 'count', N: 1000, Ret })

      expect(await numbersOf(numbers)).toEqual(Array.from({ length: 1000 }, (_, index) => index))
    })

    it('channels in memory are copied through', async () => {
      await using go = await client(scheme)
      const [numbers, Ret] = pipe<Numbered>()

      await go.requests.send({ Op: 'count', N: 100, Ret })

      expect(await numbersOf(numbers)).toEqual(Array.from({ length: 100 }, (_, index) => index))
    })

    it('channels lie five deep within each other', async () => {
      await using go = await client(scheme)
      const levels: number[] = []
      let [links, Ret] = go.session.createNestedReceiver<Link>()
      await go.requests.send({ Op: 'nest', Ret })

      for (let Level = 1; Level <= NESTING_DEPTH; Level += 2) {
        const { value } = await links.receive()
        const { Level: came, Next } = value as Link
        levels.push(came)
        ;[links, Ret] = go.session.createNestedReceiver<Link>()
        await Next?.send(Level === NESTING_DEPTH ? { Level, Text: 'bottom' } : { Level, Next: Ret })
        await Next?.close()
      }

      expect(levels).toEqual([0, 2, 4])
    })

    it('16 MiB are read by the other side', async () => {
      await using go = await client(scheme)

      const reply = await go.ask({ Op: 'read', Reader: Readable.from(pattern(STREAM_BYTES), { objectMode: false }) })

      expect(reply).toMatchObject(await checksum(pattern(STREAM_BYTES)))
    })

    it('16 MiB are written by the other side', async () => {
      await using go = await client(scheme)
      const [local, Writer] = go.session.createByteStream()

      await go.requests.send({ Op: 'write', N: STREAM_BYTES, Writer })
      await local.closeWrite()

      expect(await checksum(local)).toEqual(await checksum(pattern(STREAM_BYTES)))
    })

    it('16 MiB go there and back, and each direction ends by itself', async () => {
      await using go = await client(scheme)
      const [local, Duplex] = go.session.createByteStream()

      await go.requests.send({ Op: 'duplex', Duplex })
      const back = checksum(local)

      for (const bytes of pattern(STREAM_BYTES)) {
        await local.write(bytes)
      }

      await local.closeWrite()

      expect(await back).toEqual(await checksum(pattern(STREAM_BYTES)))
    })

    it('commands run elsewhere, with their input, outputs and status', async () => {
      await using go = await client(scheme)
      const [stdout, stderr] = [sink(), sink()]

      const reply = await go.ask({
        Op: 'exec',
        Cmd: 'sh',
        Args: ['-c', 'tr a-z A-Z; echo trouble >&2; exit 7'],
        Stdin: Readable.from([Buffer.from('hello')], { objectMode: false }),
        Stdout: stdout.writable,
        Stderr: stderr.writable
      })

      expect([reply.Status, await stdout.text, await stderr.text]).toEqual([7, 'HELLO', 'trouble\n'])
    })

    it('the other side closes while channels are open', async () => {
      await using go = await client(scheme)
      const [replies, Ret] = go.session.createNestedReceiver<Reply>()

      await go.ask({ Op: 'echo', Value: 'before' })
      await go.requests.send({ Op: 'close', Ret })

      expect(await go.session.closed).toEqual({ by: 'them' })
      await expect(replies.receive()).rejects.toThrow('the other side closed the session')
    })

    it('a channel that the other side aborts or we cancel leaves the session as it was', async () => {
      await using go = await client(scheme)
      const [numbers, Ret] = go.session.createNestedReceiver<Numbered>()

      await go.requests.send({ Op: 'count', N: 100_000, Ret })
      await numbers.receive()
      numbers.cancel('enough')

      expect((await go.ask({ Op: 'echo', Value: 'after' })).Value).toBe('after')
    })
  })
})
