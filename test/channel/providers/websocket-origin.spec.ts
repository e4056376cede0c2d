import { describe, expect, it } from 'vitest'
import { connect, listen } from '../../../src/channel/index.ts'

const URL_OF_ANY_PORT = 'ws://127.0.0.1:0/channels'

// RFC 6455 10.2
describe('a page that connects to a WebSocket listener', () => {
  it.each([
    ['is welcome from the host that it connects to', undefined, (host: string) => `http://${host}`],
    ['is welcome from an origin that is listed', ['https://example.org'], () => 'https://example.org'],
    ['is welcome from everywhere, if all origins are', ['*'], () => 'https://example.org']
  ])('%s', async (_, origins, origin) => {
    await using listener = await listen(URL_OF_ANY_PORT, () => {}, { origins })
    await using session = await connect(listener.url, { headers: { origin: origin(new URL(listener.url).host) } })

    expect(session.transport).toBe('ws')
  })

  it.each([
    ['of another host', undefined, 'https://example.org'],
    ['of another port', undefined, 'http://127.0.0.1:1'],
    ['of nowhere', undefined, 'null'],
    ['of an origin that is not listed', ['https://example.org'], 'https://example.com']
  ])('is refused, %s', async (_, origins, origin) => {
    await using listener = await listen(URL_OF_ANY_PORT, () => {}, { origins })

    await expect(connect(listener.url, { headers: { origin } })).rejects.toMatchObject({ code: 'ConnectFailed', message: expect.stringContaining('403') })
  })

  it('may be anything that is no page, and says no origin', async () => {
    await using listener = await listen(URL_OF_ANY_PORT, () => {}, { origins: [] })
    await using session = await connect(listener.url)

    expect(session.isInitiator).toBe(true)
  })
})
