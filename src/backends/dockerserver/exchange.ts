import { TLSSocket } from 'node:tls'
import { toError } from '../../base/index.ts'
import { bodyBefore, checkJson, readBody, takeBody } from './body.ts'
import { errorBody, statusOf } from './http-error.ts'
import { writeTo } from './pump.ts'
import type { Remote } from './remote.ts'
import type { Clock } from '../../base/index.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Readable } from 'node:stream'

export interface ExchangeInit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Where the request wants to stop being HTTP: its connection, with all that lies behind the head of the request. */
  readonly upgraded?: Duplex | undefined
  readonly engine: Remote
  readonly clock: Clock
  /** Says something to whoever runs the server; never waits. */
  log(text: string, level?: string): void
}

/** Lower-case values of a query that mean no; as the engine reads them. */
const NO = new Set(['', '0', 'no', 'false', 'none'])

/** One request, and what may be answered to it. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly upgraded: Duplex | undefined
  readonly engine: Remote
  readonly clock: Clock
  readonly log: ExchangeInit['log']
  /** Decoded by the routes; as it came, without the version of the API. */
  readonly path: string
  /** As it came. */
  readonly query: string

  readonly #gone = new AbortController()
  #isTaken = false

  constructor ({ request, response, upgraded, engine, clock, log }: ExchangeInit) {
    const [path = '', ...query] = (request.url ?? '').split('?')

    this.request = request
    this.response = response
    this.upgraded = upgraded
    this.engine = engine
    this.clock = clock
    this.log = log
    this.path = path.replace(/^\/v\d+\.\d+(?=\/)/, '')
    this.query = query.join('?')

    const connection = upgraded ?? response

    connection.once('close', () => { this.#gone.abort(new Error('the HTTP client has gone')) })
  }

  get method (): string {
    return this.request.method ?? 'GET'
  }

  /** Aborts when the client has gone, or the answer has been given. */
  get signal (): AbortSignal {
    return this.#gone.signal
  }

  get parameters (): URLSearchParams {
    return new URLSearchParams(this.query)
  }

  isYes (parameter: string, otherwise = false): boolean {
    const value = this.parameters.get(parameter)

    return value == null ? otherwise : !NO.has(value.trim().toLowerCase())
  }

  /** The body, a JSON object. @throws HttpError 400, 411, 413 */
  async json (): Promise<string> {
    return checkJson(await this.body(), this.request.headers['content-type'])
  }

  /** The body; what lies behind it is left where it is. @throws HttpError 400, 411, 413 */
  async body (): Promise<string> {
    const { headers } = this.request

    return this.upgraded == null
      ? readBody(this.request)
      : takeBody(this.upgraded, headers['content-length'], headers['transfer-encoding'] != null)
  }

  /** The body as it comes, also where Node has taken the request for the end of HTTP, as with `Upgrade: h2c`. @throws HttpError 411 */
  bodyStream (): Readable {
    const { headers } = this.request

    return this.upgraded == null
      ? this.request
      : bodyBefore(this.upgraded, headers['content-length'], headers['transfer-encoding'] != null)
  }

  /** Answers with JSON, or nothing at all. */
  answer (status: number, json?: string): void {
    if (json == null) {
      this.response.writeHead(status, status === 204 || status === 304 ? {} : { 'Content-Length': 0 }).end()

      return
    }

    this.response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) }).end(json)
  }

  /** Begins an answer whose end is not known: clients wait for its head. */
  begin (status: number, headers: Readonly<Record<string, string>>): void {
    this.response.writeHead(status, headers)
    this.response.flushHeaders()

    // nobody reads a connection that was to be upgraded and was not: its end would never be seen
    this.upgraded?.once('end', () => { this.upgraded?.destroy() }).resume()
  }

  /** Gives the connection to who goes on with it: it carries HTTP no more. */
  takeOver (): void {
    this.#isTaken = true
    this.response.detachSocket(this.request.socket)
  }

  /** Adds to an answer that has begun. @throws the signal's reason */
  async add (bytes: Uint8Array | string): Promise<void> {
    await writeTo(this.response, bytes, this.signal)
  }

  /** Answers with an error; where the answer has begun, the client sees the connection break. */
  fail (thrown: unknown): void {
    if (this.signal.aborted) {
      return
    }

    if (this.response.headersSent || this.#isTaken) {
      this.log(`${this.method} ${this.path} broke off: ${toError(thrown).message}`, 'warn')
      this.abort()

      return
    }

    if (!this.request.complete || this.upgraded != null) {
      this.response.setHeader('Connection', 'close') // what the client still sends is no request
      this.request.resume()
    }

    this.answer(statusOf(thrown), errorBody(thrown))
  }

  /** Ends the connection in a way that no client takes for an end. */
  abort (): void {
    const { socket } = this.request

    // a reset there is for TCP alone; TLS has its own end, without which a connection is broken
    if (socket.remoteAddress == null || socket instanceof TLSSocket) {
      socket.destroy()
    } else {
      socket.resetAndDestroy()
    }
  }
}
