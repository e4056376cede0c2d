import { once } from 'node:events'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { goMissing } from '../support/go.ts'
import { checksum, pattern } from '../support/libchan-messages.ts'
import { KubernetesClient } from './client.ts'
import { Kubelet } from './kubelet.ts'
import { ECHO_PORT } from './port-forward.ts'
import type { Running } from './client.ts'

const MINUTE = 60_000
const CONNECTIONS = 100
const PIECE_BYTES = 100_000

const built: { client?: KubernetesClient } = {}

interface Scene extends AsyncDisposable {
  kubelet: Kubelet
  client: Running
  /** Sends `bytes` and their end through the client, and gives what comes back up to its end. */
  ask (bytes: Uint8Array): Promise<Buffer>
}

/** A client that forwards a port of its own to `port` of the pod. */
async function forward (port: number): Promise<Scene> {
  if (built.client == null) {
    throw new Error('the Kubernetes client was not built')
  }

  const kubelet = await Kubelet.listen()
  const client = built.client.forward(port, { server: kubelet.url })
  const { port: local = 0 } = await client.outcome()

  return {
    kubelet,
    client,
    ask: async (bytes) => {
      const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true })
      const closed = once(socket, 'close')

      closed.catch(() => {}) // whoever reads is told first

      socket.end(bytes)

      const answer = await buffer(socket)

      await closed

      return answer
    },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]()
      await kubelet[Symbol.asyncDispose]()
    }
  }
}

function piece (index: number): Buffer {
  return Buffer.concat([...pattern(PIECE_BYTES + index)])
}

describe.skipIf(goMissing() != null)('the port forwarder of Kubernetes connects over our streams:', { timeout: MINUTE / 2 }, () => {
  beforeAll(async () => {
    built.client = await KubernetesClient.build()
  }, 10 * MINUTE)

  afterAll(async () => {
    await built.client?.[Symbol.asyncDispose]()
  })

  it(`${CONNECTIONS} connections at once, each with its bytes and its ends`, async () => {
    await using scene = await forward(ECHO_PORT)
    const { client, kubelet } = scene

    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, async (_, index) => scene.ask(piece(index))))

    expect(await Promise.all(answers.map(async (answer) => checksum([answer])))).toEqual(await Promise.all(answers.map(async (_, index) => checksum([piece(index)]))))

    client.stdin.end()

    expect(await client.outcome()).toEqual({})
    expect([await kubelet.session.closed, kubelet.session.failures]).toEqual([undefined, []])
    expect(kubelet.session.streams).toHaveLength(2 * CONNECTIONS)
  })

  it('one connection after the other', async () => {
    await using scene = await forward(ECHO_PORT)

    for (let index = 0; index < CONNECTIONS; index++) {
      expect((await scene.ask(Buffer.from(`number ${index}`))).toString()).toBe(`number ${index}`)
    }

    expect(scene.kubelet.session.failures).toEqual([])
  })

  it('nobody where nobody listens, and the client says so', async () => {
    await using scene = await forward(ECHO_PORT + 1)
    const { client, kubelet } = scene

    // a client that gives up with bytes in its socket resets it
    expect(await scene.ask(Buffer.from('anybody?')).then(String, ({ code }: { code: string }) => code)).toMatch(/^(?:|ECONNRESET)$/)
    expect(await client.outcome()).toEqual({ error: 'lost connection to pod' })
    expect((await client.stderr).toString()).toContain('nobody listens at 8')
    expect(await kubelet.session.closed).toBeUndefined()
  })
})
