import { once } from 'node:events'
import { request as createRequest } from 'node:http'
import { Deadline, holding, Permits, raceSignal, toError } from '../../base/index.ts'
import { ServiceError } from '../../service/index.ts'
import { dockerUrl } from '../docker-url.ts'
import { chooseApiVersion } from './api-version.ts'
import { connectEngine } from './connect-engine.ts'
import { engineError, unavailable } from './engine-error.ts'
import { readErrorText, EngineStream } from './engine-stream.ts'
import { readErrorBody, readHead } from './http-head.ts'
import { bodyHeaders, hijackText, targetOf } from './request-text.ts'
import { sendBody } from './send-body.ts'
import type { EngineAddress } from './client-options.ts'
import type { EngineRequest } from './request-text.ts'
import type { Clock, Permit } from '../../base/index.ts'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Requests with one answer that an engine is asked at a time; the next one waits. */
export const MAX_REQUESTS = 64
/** Streams of one engine that are open at a time: consoles, logs, events, waits. One more is refused. */
export const MAX_STREAMS = 1024
/** Of an answer that is no stream. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Until an engine tells which versions it speaks, and that it is there. */
export const PING_TIMEOUT_MS = 30_000

/** A whole answer. */
export interface EngineAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/**
 * A client of the Docker Engine API. Each request has a connection of its own: one that an engine has closed, as it was
 * started again, is never used.
 */
export class Engine {
  readonly url: string
  readonly clock: Clock
  readonly #address: EngineAddress
  readonly #requests = new Permits(MAX_REQUESTS)
  readonly #streams = new Permits(MAX_STREAMS)
  /** What is under way, to be ended with the engine. */
  readonly #scopes = new Set<Deadline>()
  readonly #consoles = new Set<Socket>()
  #version: Promise<string> | undefined
  #closed: Error | undefined

  constructor (address: EngineAddress, clock: Clock) {
    this.#address = address
    this.url = dockerUrl(address)
    this.clock = clock
  }

  /** Ends all that is under way with this reason, and refuses what comes. */
  close (reason: Error): void {
    this.#closed ??= reason

    for (const scope of this.#scopes) {
      scope.abort(reason)
    }

    for (const socket of this.#consoles) {
      socket.destroy(reason)
    }
  }

  /** Asks for one answer, and reads it. @throws ServiceError as docs/docker.md; the signal's reason */
  async ask (request: EngineRequest): Promise<EngineAnswer> {
    return holding(await this.#requests.acquire(request.signal), async () => this.#within(request.signal, async (signal) => {
      const stream = await this.#send({ ...request, signal })
      const body = await stream.text(MAX_ANSWER_BYTES)

      return { status: stream.response.statusCode ?? 0, headers: stream.response.headers, body }
    }))
  }

  /** Asks for JSON, and gives it as the text that it came as. @throws as `ask` */
  async json (request: EngineRequest): Promise<string> {
    const { body } = await this.ask(request)

    try {
      JSON.parse(body)
    } catch (cause) {
      throw new ServiceError('ServiceFailed', `${this.url} was to answer ${request.path} with JSON, and sent something else`, { cause })
    }

    return body.trimEnd()
  }

  /**
   * Asks for an answer that is read as it comes. The signal ends it, too, unless it outlives the call: then the signal
   * counts up to the head of the answer. It holds a connection until it was read to its end or destroyed.
   *
   * @throws as `ask`; ServiceError ResourceLimit
   */
  async open (request: EngineRequest, { outlivesCall = false } = {}): Promise<EngineStream> {
    const permit = this.#takeStream()
    const scope = this.#openScope(request.signal)
    const release = (): void => {
      this.#endScope(scope)
      permit[Symbol.dispose]()
    }

    try {
      const stream = await this.#send({ ...request, signal: scope.signal })

      stream.response.once('close', release)

      if (outlivesCall) {
        scope[Symbol.dispose]() // no longer bound to the call; only the engine ends it
      }

      return stream
    } catch (thrown) {
      release()
      throw thrown
    }
  }

  /** Asks for a connection that carries bytes both ways. The signal does not end it afterwards. @throws as `open` */
  async hijack (request: EngineRequest & { readonly body?: string | undefined }): Promise<Socket> {
    const permit = this.#takeStream()

    try {
      return await this.#within(request.signal, async (signal) => {
        const version = await this.#versionFor(signal)
        const socket = await this.#connect(signal)
        const hijacked = await this.#upgrade(socket, { ...request, signal }, version)

        this.#consoles.add(socket)
        socket.once('close', () => {
          this.#consoles.delete(socket)
          permit[Symbol.dispose]()
        })

        return hijacked
      })
    } catch (thrown) {
      permit[Symbol.dispose]()
      throw thrown
    }
  }

  /** Whether the engine is there still: the end of a connection that says no more than that it ends depends on it. @throws ServiceError Unavailable */
  async assertAlive (): Promise<void> {
    await this.#ping()
  }

  /** The version that is spoken. @throws as `ask` */
  async version (signal: AbortSignal): Promise<string> {
    return this.#within(signal, async (scope) => this.#versionFor(scope))
  }

  async #upgrade (socket: Socket, request: EngineRequest & { readonly body?: string | undefined }, version: string): Promise<Socket> {
    const { signal } = request
    const onAbort = (): void => { socket.destroy(toError(signal.reason)) }

    signal.addEventListener('abort', onAbort, { once: true })

    try {
      socket.write(hijackText(request, version, this.#host))

      const head = await readHead(socket)

      if (head.status !== 101 && head.status !== 200) {
        throw engineError(head.status, await readErrorBody(socket, head))
      }

      if (head.headers.has('transfer-encoding')) {
        throw unavailable(`${this.url} answered ${request.path} with chunks, not with a connection: what stands before it must let "Upgrade: tcp" pass`)
      }

      return socket
    } catch (thrown) {
      socket.destroy()
      signal.throwIfAborted()
      throw thrown
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #send (request: EngineRequest): Promise<EngineStream> {
    return this.#sendTo(targetOf(request, await this.#versionFor(request.signal)), request)
  }

  async #sendTo (path: string, { method, body, headers, signal }: EngineRequest): Promise<EngineStream> {
    const socket = await this.#connect(signal)
    const outgoing = createRequest({
      createConnection: () => socket,
      method,
      path,
      headers: { Host: this.#host, Connection: 'close', ...bodyHeaders(body), ...headers }
    })
    const what = `${method} ${path.replace(/\?.*/, '')} at ${this.url}`
    const onAbort = (): void => { outgoing.destroy(toError(signal.reason)) }

    signal.addEventListener('abort', onAbort, { once: true })
    outgoing.on('error', () => {}) // also after the answer has begun

    try {
      const stream = new EngineStream(await this.#responseOf(outgoing, body, what), { signal, what, assertAlive: async () => this.assertAlive() })

      await assertSuccess(stream)

      return stream
    } catch (thrown) {
      outgoing.destroy()
      signal.throwIfAborted()
      throw thrown
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #responseOf (outgoing: ClientRequest, body: EngineRequest['body'], what: string): Promise<IncomingMessage> {
    const responded = once(outgoing, 'response') as Promise<[IncomingMessage]>
    const sent = sendBody(outgoing, body, this.clock)

    // a body that breaks breaks the request; one that was sent leaves us waiting for the answer
    try {
      const [response] = await Promise.race([responded, sent.then(async () => responded)])

      return response
    } catch (thrown) {
      outgoing.destroy()
      this.#version = undefined // who comes back may be another one
      throw thrown instanceof ServiceError ? thrown : unavailable(`the connection broke before an answer to ${what} came: ${toError(thrown).message}`, thrown)
    } finally {
      responded.catch(() => {})
      sent.catch(() => {})
    }
  }

  async #connect (signal: AbortSignal): Promise<Socket> {
    try {
      return await connectEngine(this.#address, { clock: this.clock, signal })
    } catch (thrown) {
      this.#version = undefined
      throw thrown
    }
  }

  async #versionFor (signal: AbortSignal): Promise<string> {
    const asked = this.#version ?? this.#ping().then((headers) => chooseApiVersion(headers['api-version'], this.url))

    if (this.#version == null) {
      this.#version = asked
      asked.catch(() => {
        if (this.#version === asked) {
          this.#version = undefined
        }
      })
    }

    return raceSignal(asked, signal)
  }

  /** Not for one caller alone: nobody's signal ends it but that of the engine. */
  async #ping (): Promise<IncomingMessage['headers']> {
    return this.#within(undefined, async (signal) => {
      const stream = await this.#sendTo('/_ping', { method: 'GET', path: '/_ping', signal })

      await stream.text(MAX_ANSWER_BYTES)

      return stream.response.headers
    }, PING_TIMEOUT_MS)
  }

  get #host (): string {
    return this.#address.kind === 'unix' ? 'docker' : this.url.slice('tcp://'.length)
  }

  #takeStream (): Permit {
    const permit = this.#streams.tryAcquire()

    if (permit == null) {
      throw new ServiceError('ResourceLimit', `${MAX_STREAMS} streams of ${this.url} are open: one more is refused`)
    }

    return permit
  }

  async #within<T> (signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>, timeoutMs?: number): Promise<T> {
    const scope = this.#openScope(signal, timeoutMs)

    try {
      return await work(scope.signal)
    } finally {
      this.#endScope(scope)
    }
  }

  #openScope (signal: AbortSignal | undefined, timeoutMs = Infinity): Deadline {
    if (this.#closed != null) {
      throw this.#closed
    }

    const scope = new Deadline({
      clock: this.clock,
      signal,
      timeoutMs,
      onTimeout: () => unavailable(`the engine at ${this.url} did not answer within ${timeoutMs} ms`)
    })

    this.#scopes.add(scope)

    return scope
  }

  #endScope (scope: Deadline): void {
    this.#scopes.delete(scope)
    scope[Symbol.dispose]()
  }
}

/** @throws ServiceError as the engine says */
async function assertSuccess (stream: EngineStream): Promise<void> {
  const status = stream.response.statusCode ?? 0

  if (status >= 300 && status !== 304) {
    throw engineError(status, await readErrorText(stream))
  }
}
