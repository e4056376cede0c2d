import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, listen } from '../../src/channel/index.ts'
import { createAuthority } from './certificates.ts'
import { tcpProxy } from './tcp-proxy.ts'
import type { TcpProxy } from './tcp-proxy.ts'
import type { Session, SessionInit, TlsOptions } from '../../src/channel/index.ts'
import type { ChannelSetup } from '../../src/testing/index.ts'

export interface Certified {
  readonly near: TlsOptions
  readonly far: TlsOptions
}

/** TLS in which both sides show a certificate, and check that of the other. */
export function mutualTls (): Certified {
  const authority = createAuthority()
  const ca = authority.cert

  return {
    near: { ca, ...authority.issue('near'), servername: 'localhost' },
    far: { ca, ...authority.issue('far'), requestCert: true }
  }
}

/** Two sessions over a real connection at `url`, with a proxy between that can break it. */
export function socketPair (url: string, tls?: Certified): ChannelSetup {
  return async ({ near, far }) => {
    const ends: Array<() => Promise<void>> = []
    const dispose = async (): Promise<void> => {
      for (const end of ends.splice(0).reverse()) {
        await end()
      }
    }

    try {
      const { promise: accepted, resolve } = Promise.withResolvers<Session>()
      const folder = url.startsWith('unix:') ? await temporaryFolder(ends) : ''
      const listener = await listen(folder === '' ? url : `unix://${folder}/far.sock`, resolve, withTls(far, tls?.far))

      ends.push(() => listener.close())

      const proxy = await standBetween(listener.url, folder)

      ends.push(async () => proxy.stop[Symbol.asyncDispose]())

      const sessions = { near: await connect(proxy.url, withTls(near, tls?.near)), far: await accepted }

      return { ...sessions, cut (how) { proxy.stop.cut(how) }, [Symbol.asyncDispose]: dispose }
    } catch (error) {
      await dispose()
      throw error
    }
  }
}

/** Silence is no loss where the clock leaps. */
function withTls (init: SessionInit | undefined, tls: TlsOptions | undefined): SessionInit & { keepAliveIntervalMs: number, tls: TlsOptions | undefined } {
  return { ...init, keepAliveIntervalMs: 0, tls }
}

async function temporaryFolder (ends: Array<() => Promise<void>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmd-'))

  ends.push(() => rm(folder, { recursive: true }))

  return folder
}

/** A proxy to where somebody listens, and the URL of that place by way of the proxy. */
async function standBetween (listening: string, folder: string): Promise<{ url: string, stop: TcpProxy }> {
  if (folder !== '') {
    const path = `${folder}/near.sock`

    return { url: `unix://${path}`, stop: await tcpProxy({ path: `${folder}/far.sock` }, { path }) }
  }

  const { port } = new URL(listening)
  const stop = await tcpProxy({ port: Number(port), host: '127.0.0.1' })

  return { url: listening.replace(`:${port}`, `:${stop.port}`), stop }
}
