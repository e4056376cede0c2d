import { connect } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { turns } from '../../support/settle.ts'
import { record } from './link-recorder.ts'
import { LinkScene } from './link-scene.ts'
import type { LinkRecorder } from './link-recorder.ts'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'

const ANY_PORT = 'http2://127.0.0.1:0/channels'

interface Foreign extends AsyncDisposable {
  session: ClientHttp2Session
  stream: ClientHttp2Stream
  atServer: LinkRecorder
}

/** A client of our server that does as it likes. */
async function foreignClient (scene: LinkScene): Promise<Foreign> {
  const arrival = scene.next()
  const session = connect(scene.webUrl())
  const stream = session.request({ ':method': 'POST', ':path': '/channels', 'content-type': 'application/libchan' }, { endStream: false })

  session.on('error', () => {})
  stream.on('error', () => {})

  const atServer = record((await arrival).link)

  return {
    session,
    stream,
    atServer,
    [Symbol.asyncDispose]: async () => {
      session.destroy()
      await atServer.closed
    }
  }
}

/** Resolves when the server has seen what was sent before. */
async function pong (session: ClientHttp2Session): Promise<void> {
  await new Promise((resolve) => { session.ping(resolve) })
}

function only<T> ([first, ...others]: T[]): T {
  if (first == null || others.length > 0) {
    throw new Error('there is not one')
  }

  return first
}

describe('the HTTP/2 link', () => {
  it('ends its directions apart', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const { client, server } = await scene.connect()
    const atClient = record(client)
    const atServer = record(server)

    client.write(new TextEncoder().encode('question'))
    client.end()
    await atServer.ended
    expect(atClient.log).toEqual([])
    server.write(new TextEncoder().encode('answer'))
    server.end()
    await Promise.all([atClient.closed, atServer.closed])

    expect([atServer.text, atClient.text]).toEqual(['question', 'answer'])
    expect(atClient.log).toEqual(['data', 'end', 'close'])
    expect(atServer.log).toEqual(['data', 'end', 'close'])
  })

  it.each([0, 2, 8, 11])('takes a reset with code %i for a loss, though Node says that it ended', async (code) => {
    await using scene = await LinkScene.listen(ANY_PORT)
    await using foreign = await foreignClient(scene)

    foreign.stream.write('abc')
    await foreign.atServer.received(3)
    // as the wire has it, without the end that Node sends before a reset
    foreign.stream.destroy(code === 0 ? undefined : new Error('given up'))

    expect((await foreign.atServer.closed)?.name).toBe('ConnectionLostError')
    expect(foreign.atServer.log).toEqual(['data', 'close: ConnectionLostError'])
  })

  it('takes an end and a reset behind it for a loss', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    await using foreign = await foreignClient(scene)

    foreign.stream.close(8)
    await foreign.atServer.closed

    expect(foreign.atServer.log.at(-1)).toBe('close: ConnectionLostError')
  })

  it('takes a goodbye of the connection for a loss of what is open', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    await using foreign = await foreignClient(scene)

    foreign.session.destroy()
    await foreign.atServer.closed

    expect(foreign.atServer.log).toEqual(['close: ConnectionLostError'])
  })

  it('goes on when the other side announces that it takes no more requests', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const { client, server } = await scene.connect()
    const atClient = record(client)

    await scene.listener.close()
    server.write(Uint8Array.of(1))
    await atClient.received(1)
    server.end()
    await atClient.ended
    client.end()
    record(server)

    expect(await atClient.closed).toBeUndefined()
  })

  it('tells a loss when its own side had ended already', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const { client, server, socket } = await scene.connect()
    const atClient = record(client)
    const atServer = record(server)

    client.end()
    await atServer.ended
    // what Node lets us do with the socket of a session
    socket.destroySoon()
    await Promise.all([atClient.closed, atServer.closed])

    expect(atClient.log).toEqual(['close: ConnectionLostError'])
    expect(atServer.log).toEqual(['end', 'close: ConnectionLostError'])
  })

  it('tells the other side of a reset without an end before it, from either side', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)

    for (const [from, to] of [['client', 'server'], ['server', 'client']] as const) {
      const links = await scene.connect()
      const here = record(links[from])
      const there = record(links[to])

      links[from].write(Uint8Array.of(1))
      await there.received(1)
      links[from].reset({ code: 1, message: 'broken' })
      links[from].reset({ code: 1, message: 'twice' })
      await Promise.all([here.closed, there.closed])

      expect(here.error?.message).toBe('this side ended the HTTP/2 stream: failed: broken')
      expect(there.log).toEqual(['data', 'close: ConnectionLostError'])
    }
  })

  it.each([
    ['a reset', (foreign: Foreign) => { foreign.stream.destroy(new Error('given up')) }],
    ['the loss of the connection', (foreign: Foreign) => { foreign.session.destroy() }]
  ])('delivers what had come before %s to who resumes later', async (_, lose) => {
    await using scene = await LinkScene.listen(ANY_PORT)
    await using foreign = await foreignClient(scene)
    const { link } = only(scene.arrivals)

    link.pause()
    foreign.stream.write('abc')
    await pong(foreign.session)
    lose(foreign)
    await new Promise((resolve) => { foreign.stream.once('close', resolve) })
    await turns(50)
    expect(foreign.atServer.log).toEqual([])
    link.resume()
    await foreign.atServer.closed

    expect(foreign.atServer.log).toEqual(['data', 'close: ConnectionLostError'])
  })

  it('tells the reset of a paused link at once', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    await using foreign = await foreignClient(scene)
    const { link } = only(scene.arrivals)

    link.pause()
    foreign.stream.destroy(new Error('given up'))
    await foreign.atServer.closed

    expect(foreign.atServer.log).toEqual(['close: ConnectionLostError'])
  })

  it('takes no writes when it has ended', async () => {
    await using scene = await LinkScene.listen(ANY_PORT)
    const { client, server } = await scene.connect()
    const atServer = record(server)

    record(client)
    client.end()
    client.end()
    expect(client.write(Uint8Array.of(1))).toBe(true)
    await atServer.ended
    server.end()
    await atServer.closed

    expect(server.write(Uint8Array.of(1))).toBe(true)
    expect(atServer.byteLength).toBe(0)
  })
})
