import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { byteStreamPair, msgpack, pipe, REFERENCE, SESSION_DEFAULTS } from '../../src/channel/index.ts'
import { Client, exitMessage, reference, RetPipe, send, Server, ServiceError, toMessage, VERBS } from '../../src/service/index.ts'
import type { DecodeContext, EncodeContext } from '../../src/channel/index.ts'
import type { Message } from '../../src/service/index.ts'

interface Vector {
  readonly name: string
  readonly msgpack: string
  /** What it reads as; references are what they are of. */
  readonly message: unknown
}

interface Vectors {
  readonly requests: readonly Vector[]
  readonly answers: readonly Vector[]
  readonly read: readonly Vector[]
  readonly invalid: ReadonlyArray<{ readonly name: string, readonly msgpack: string, readonly error: string }>
}

const VECTORS = JSON.parse(readFileSync(new URL('../vectors/service/messages.json', import.meta.url), 'utf8')) as Vectors

/** References are numbered from 1 in the order in which they are met: senders are of type 4, bytes of type 1. */
function encoding (): EncodeContext {
  let ref = 0

  return {
    limits: SESSION_DEFAULTS,
    refer: (value) => {
      if ('trySend' in value) {
        return { kind: REFERENCE.inboundChannel, ref: ++ref }
      }

      return 'closeWrite' in value ? { kind: REFERENCE.duplexStream, ref: ++ref } : undefined
    }
  }
}

const DECODING: DecodeContext = {
  limits: SESSION_DEFAULTS,
  resolve: ({ kind }) => kind === REFERENCE.inboundChannel ? pipe()[1] : byteStreamPair()[0]
}

function toHex (message: unknown): string {
  return Buffer.from(msgpack.encode(message, encoding())).toString('hex')
}

function read (hex: string): unknown {
  return msgpack.decode(Buffer.from(hex, 'hex'), DECODING)
}

/** What a vector says of a message. */
function plain ({ verb, args, ret, att, meta }: Message): unknown {
  return { verb, args, ...(ret == null ? {} : { ret: 'sender' }), ...(att == null ? {} : { att: 'bytes' }), ...(meta == null ? {} : { meta }) }
}

const ASK: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  attach: (client) => client.attach(''),
  'attach with a name and an argument': (client) => client.attach(['', 'rpc/1']),
  connect: (client) => client.connect('80'),
  error: (client) => client.error(new ServiceError('NotFound', 'no web', { data: { name: 'web' } })),
  'file that is given': (client) => client.file('stdout', { att: byteStreamPair()[0] }),
  'file that is wanted': (client) => client.file('/etc/hosts'),
  get: (client) => client.get(),
  'get with a deadline': (client) => client.get('status', { timeoutMs: 1500, meta: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } }),
  log: (client) => client.log('stderr', 'out of memory'),
  ls: (client) => client.ls(),
  set: (client) => client.setJson({ a: 1 }),
  spawn: (client) => client.spawn(['exec', 'ls', '-l']),
  start: (client) => client.start(),
  stop: (client) => client.stop('SIGTERM'),
  watch: (client) => client.watch()
}

const ANSWER: Readonly<Record<string, [Message, Server] | Message>> = {
  ack: [ask(VERBS.start), new Server().onStart(() => {})],
  'ack with an object': [ask(VERBS.spawn), new Server().onSpawn(() => new Server())],
  'ack with an input and bytes': [ask(VERBS.attach), new Server().onAttach(() => ({ input: new Server(), att: byteStreamPair()[0] }))],
  connect: [ask(VERBS.connect), new Server().onConnect(() => byteStreamPair()[0])],
  error: [ask(VERBS.ls), new Server('this door')],
  file: [ask(VERBS.file), new Server().onFile(() => ({ args: ['hosts', '420'], att: byteStreamPair()[0] }))],
  'set with a value': [ask(VERBS.get), new Server().onGet(() => ({ name: 'web', up: true }))],
  'set with names': [ask(VERBS.ls), new Server().onLs(() => ['db', 'web'])],
  'set exit': exitMessage({ code: 0 }),
  'set exit by a signal': exitMessage({ code: 137, signal: 'SIGKILL' })
}

function ask (verb: Message['verb']): Message {
  return { verb, args: [] }
}

async function requestOf (asking: (client: Client) => Promise<unknown>): Promise<Message> {
  const [receiver, sender] = pipe<Message>()
  const asked = asking(new Client(sender)).catch(() => {})
  const { value } = await receiver.receive()

  await value?.ret?.close()
  await asked

  return value ?? ask(VERBS.ack)
}

async function answerOf (given: [Message, Server] | Message): Promise<Message> {
  if (!Array.isArray(given)) {
    return given
  }

  const [request, server] = given
  const answers = await send(reference(server), { ...request, ret: RetPipe })
  const { value } = await answers.receive()

  answers.cancel()

  return value ?? ask(VERBS.ack)
}

describe('a message on the wire', () => {
  it.each(VECTORS.requests)('is, of the request $name, as written', async ({ name, msgpack: hex, message }) => {
    const request = await requestOf(ASK[name] ?? (async () => { throw new Error(`nobody asks ${name}`) }))

    expect(plain(toMessage(request))).toEqual(message)
    expect(toHex(request)).toBe(hex)
  })

  it.each(VECTORS.answers)('is, of the answer $name, as written', async ({ name, msgpack: hex, message }) => {
    const answer = await answerOf(ANSWER[name] ?? ask(VERBS.ack))

    expect(plain(toMessage(answer))).toEqual(message)
    expect(toHex(answer)).toBe(hex)
  })

  it.each([...VECTORS.requests, ...VECTORS.answers, ...VECTORS.read])('reads $name', ({ msgpack: hex, message }) => {
    expect(plain(toMessage(read(hex)))).toEqual(message)
  })

  it.each(VECTORS.invalid)('is refused: $name', ({ msgpack: hex, error }) => {
    expect(() => toMessage(read(hex))).toThrow(expect.objectContaining({ code: 'InvalidMessage', message: error }))
  })

  it('has a vector for each way to ask and to answer', () => {
    expect(VECTORS.requests.map(({ name }) => name)).toEqual(Object.keys(ASK))
    expect(VECTORS.answers.map(({ name }) => name)).toEqual(Object.keys(ANSWER))
  })

  it('has at most 4096 args and 64 entries of meta', () => {
    const meta = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, number) => [String(number), '']))

    expect(toMessage({ verb: 0, args: Array<string>(4096).fill('') }).args).toHaveLength(4096)
    expect(() => toMessage({ verb: 0, args: Array<string>(4097).fill('') })).toThrow('wanted args to be a list of at most 4096 strings, received a list of 4097')
    expect(toMessage({ verb: 0, meta: meta(64) }).meta).toEqual(meta(64))
    expect(() => toMessage({ verb: 0, meta: meta(65) })).toThrow('wanted meta to be a map of at most 64 strings')
  })
})
