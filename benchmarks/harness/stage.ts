import { NotOffered } from '../systems/system.ts'
import { EndProcess } from './end-process.ts'
import type { EndInit } from './end-process.ts'
import type { Method, Ready, Usage } from './wire.ts'
import type { Done } from '../systems/system.ts'

/** What an operation cost, of both ends. */
export interface Cost {
  serverCpuSeconds: number
  clientCpuSeconds: number
  serverPeakBytes: number
  clientPeakBytes: number
}

/** The processes of one system, started when first asked for. */
export class Stage implements AsyncDisposable {
  readonly system: string
  readonly #flagsOf: (role: EndInit['role']) => readonly string[]
  readonly #ends: EndProcess[] = []
  readonly #kept = new Map<string, Promise<EndProcess>>()

  constructor (system: string, flagsOf: (role: EndInit['role']) => readonly string[] = () => []) {
    this.system = system
    this.#flagsOf = flagsOf
  }

  /** What its server says of it. */
  async describe (): Promise<Ready> {
    const { ready } = await this.once('server', () => this.start('serve'))

    return ready
  }

  /** @throws NotOffered when the system cannot run here */
  async server (): Promise<EndProcess> {
    const server = await this.once('server', () => this.start('serve'))

    if (server.ready.missing != null) {
      throw new NotOffered(server.ready.missing)
    }

    return server
  }

  /** @throws NotOffered unless it does all that is needed */
  async client (...needs: Method[]): Promise<EndProcess> {
    return offering(await this.once('client', () => this.newClient()), needs)
  }

  /** @throws NotOffered unless it does all that is needed */
  async newClient (...needs: Method[]): Promise<EndProcess> {
    const { ready: { address } } = await this.server()

    return offering(await this.start('connect', address), needs)
  }

  /** @throws NotOffered */
  async start (role: EndInit['role'], argument?: string): Promise<EndProcess> {
    const end = await EndProcess.start({ role, system: this.system, argument, flags: this.#flagsOf(role) })

    this.#ends.push(end)

    if (role !== 'serve' && end.ready.missing != null) {
      throw new NotOffered(end.ready.missing)
    }

    return end
  }

  /** An end that stays for further rounds. */
  once (name: string, start: () => Promise<EndProcess>): Promise<EndProcess> {
    const known = this.#kept.get(name) ?? start()

    this.#kept.set(name, known)

    return known
  }

  /** Has the client do something, and tells what both ends spent on it. @throws NotOffered */
  async ask (method: Method, ...args: unknown[]): Promise<Done & { cost: Cost }> {
    return this.askOf(await this.client(method), method, ...args)
  }

  /** The same of a client that is at hand. */
  async askOf (client: EndProcess, method: Method, ...args: unknown[]): Promise<Done & { cost: Cost }> {
    const server = await this.server()
    const before = await usages(server, client)
    const done = await client.ask<Done>(method, ...args)

    return { ...done, cost: costBetween(before, await usages(server, client)) }
  }

  /** What has just failed is not to be asked again: the next question gets new processes. */
  async [Symbol.asyncDispose] (): Promise<void> {
    this.#kept.clear()

    // clients first, in reverse of their start
    for (const end of this.#ends.splice(0).toReversed()) {
      await end.close()
    }
  }
}

function offering (client: EndProcess, needs: readonly Method[]): EndProcess {
  const lacking = needs.find((need) => !client.ready.offers.includes(need))

  if (lacking != null) {
    throw new NotOffered(`it has no counterpart of ${lacking}`)
  }

  return client
}

function usages (...ends: [server: EndProcess, client: EndProcess]): Promise<Usage[]> {
  return Promise.all(ends.map((end) => end.usage()))
}

function costBetween ([serverBefore, clientBefore]: Usage[], [server, client]: Usage[]): Cost {
  return {
    serverCpuSeconds: (server?.cpuSeconds ?? NaN) - (serverBefore?.cpuSeconds ?? 0),
    clientCpuSeconds: (client?.cpuSeconds ?? NaN) - (clientBefore?.cpuSeconds ?? 0),
    serverPeakBytes: server?.peakBytes ?? NaN,
    clientPeakBytes: client?.peakBytes ?? NaN
  }
}
