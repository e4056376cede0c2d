import { describe, expect, it } from 'vitest'
import { echo, echoServer, addressOf } from '../../support/swarm-pair.ts'
import { tcpServer } from '../../support/tcp-server.ts'

describe('a peer that we dial in vain', () => {
  it('may dial us meanwhile: then its connection is the answer, at once', async () => {
    await using silent = await tcpServer()
    await using near = await echoServer()
    await using far = await echoServer()
    const accepted = silent.accepted()
    const dial = near.dial(`${silent.address}/p2p/${far.peerId}`)

    await accepted
    await far.dial(addressOf(near))

    const connection = await dial

    expect(connection.direction).toBe('inbound')
    expect(await echo(connection, 'well met')).toBe('well met')
    expect(near.stat().dials).toEqual({ active: 0, waiting: 0 })
  })
})
