import { Agent, request } from 'node:http'
import { onTestFinished } from 'vitest'
import { dockerserverBackend } from '../../../src/backends/dockerserver/dockerserver.ts'
import { systemClock } from '../../../src/base/index.ts'
import { Call, Client, LOCAL, reference, serve, Server, VERBS } from '../../../src/service/index.ts'
import type { Caller, Message, ServiceLike } from '../../../src/service/index.ts'
import type { IncomingMessage, OutgoingHttpHeaders, RequestOptions } from 'node:http'

export interface Scene {
  /** What the server was spawned as. */
  readonly stage: Client
  readonly address: URL
  /** What it wrote to standard error, line by line. */
  readonly logs: readonly string[]
  ask(method: string, path: string, init?: AskInit): Promise<Answered>
  open(method: string, path: string, init?: AskInit): Promise<IncomingMessage>
  stop(): Promise<void>
}

export interface AskInit {
  readonly body?: string | Uint8Array | undefined
  readonly headers?: OutgoingHttpHeaders | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  json(): unknown
}

/** A stage as the launcher spawns it. */
export function spawnServer (args: readonly string[], caller: Caller = LOCAL): Client {
  const host = {
    clock: systemClock,
    env: {},
    async launch (): Promise<never> { throw new Error('launches nothing') },
    async peer (): Promise<never> { throw new Error('knows nobody') }
  }
  const call = new Call({ verb: VERBS.spawn, args: [] }, { caller })
  const service = dockerserverBackend.spawn(args, { host, call }) as ServiceLike

  return new Client(service)
}

/** A server with an engine at its right, which ends with the test. */
export async function serverScene (engine: Server, args: readonly string[] = ['tcp://127.0.0.1:0'], caller?: Caller): Promise<Scene> {
  const stage = spawnServer(args, caller)
  const { input, output } = await stage.attach()
  const logs: string[] = []
  const agent = new Agent({ keepAlive: true })

  void serve(withStderr(engine, logs), output)

  const stop = async (): Promise<void> => {
    agent.destroy()
    await stage.stop()
  }

  onTestFinished(stop)
  await stage.start()

  const { address } = await input?.get<{ address: string }>() ?? { address: '' }
  const url = new URL(address)
  const where = url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port }
  const open = async (method: string, path: string, init: AskInit = {}): Promise<IncomingMessage> => exchange({ ...where, agent, method, path }, init)

  return { stage, address: url, logs, stop, open, ask: async (method, path, init) => collect(await open(method, path, init)) }
}

/** Takes what the server says of itself out, as a pipeline does. */
function withStderr (engine: Server, logs: string[]): Server {
  return new Server(engine.name).catchall(engine).onVerb(VERBS.file, async ({ att }) => {
    void (async () => {
      for await (const bytes of att ?? []) {
        logs.push(...new TextDecoder().decode(bytes).trimEnd().split('\n'))
      }
    })().catch(() => {}) // it was stopped
  })
}

async function exchange (options: RequestOptions, { body, headers = {}, signal }: AskInit): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const type = body == null ? {} : { 'Content-Type': 'application/json' }

  request({ ...options, headers: { ...type, ...headers }, ...(signal == null ? {} : { signal }) }, resolve).on('error', reject).end(body)

  return promise
}

async function collect (response: IncomingMessage): Promise<Answered> {
  const chunks: Uint8Array[] = []

  for await (const chunk of response) {
    chunks.push(chunk as Uint8Array)
  }

  const body = Buffer.concat(chunks).toString()

  return { status: response.statusCode ?? 0, headers: response.headers, body, json: () => JSON.parse(body) as unknown }
}

/** An engine whose children are these, by name. */
export function engineOf (children: Readonly<Record<string, ServiceLike>>): Server {
  return new Server('engine').onAttach((name) => {
    const child = children[name]

    if (child == null) {
      throw Object.assign(new Error(`No such container: ${name}`), { name: 'CodedError', code: 'NotFound', data: { status: 404 } })
    }

    return { input: child }
  })
}

/** The same messages on every watch. */
export async function * sets (...values: readonly unknown[]): AsyncGenerator<Message, void> {
  for (const value of values) {
    yield { verb: VERBS.set, args: [JSON.stringify(value)] }
  }
}

export { reference }
