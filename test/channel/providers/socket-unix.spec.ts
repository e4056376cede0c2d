import { once } from 'node:events'
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { unixTransport } from '../../../src/channel/providers/socket/index.ts'
import { failure } from '../failure.ts'
import { echo, serve } from './socket-server.ts'
import { transportOptions } from './transport-options.ts'

function newPath (name = 'a.sock'): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmd-'))

  onTestFinished(() => { rmSync(folder, { recursive: true }) })

  return join(folder, name)
}

/** A socket that nobody listens on any more, as a process leaves it that was killed. */
async function leaveStale (path: string): Promise<void> {
  const elsewhere = `${path}.moved`
  const server = createServer().listen(path)

  await once(server, 'listening')
  // removed is what its listener made: so it is under another name by then
  renameSync(path, elsewhere)
  server.close()
  await once(server, 'close')
  renameSync(elsewhere, path)
}

describe('unix:', () => {
  it.each([
    ['unix://', 'a.sock'],
    ['unix:', 'with a space.sock']
  ])('listens at a path after %s, for this user only, and leaves nothing', async (prefix, name) => {
    const path = newPath(name)

    {
      await using server = await serve(unixTransport, `${prefix}${path}`)
      const near = await server.connect()

      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(await echo(near, server, 'hello')).toBe('hello')
      expect(near.provider).toMatchObject({ name: 'unix', remoteAddress: server.listener.url })
      expect(server.ends[0]?.provider.remoteAddress).toBe(server.listener.url)
    }

    expect(existsSync(path)).toBe(false)
  })

  it('takes the place of a socket that nobody listens on', async () => {
    const path = newPath()
    await leaveStale(path)

    await using server = await serve(unixTransport, `unix://${path}`)

    expect(await echo(await server.connect(), server, 'hello')).toBe('hello')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('leaves a socket alone that somebody listens on', async () => {
    const path = newPath()
    await using server = await serve(unixTransport, `unix://${path}`)

    const error = await failure(serve(unixTransport, `unix://${path}`))

    expect(error).toMatchObject({ code: 'ListenFailed', message: expect.stringContaining('somebody else listens there') })
    expect(await echo(await server.connect(), server, 'hello')).toBe('hello')
  })

  it('leaves a file alone that is no socket', async () => {
    const path = newPath()
    writeFileSync(path, 'mine')

    const error = await failure(serve(unixTransport, `unix://${path}`))

    expect(error).toMatchObject({ code: 'ListenFailed', message: expect.stringContaining('which is no socket') })
    expect(existsSync(path)).toBe(true)
  })

  it('says where it cannot listen', async () => {
    expect(await failure(serve(unixTransport, `unix://${newPath('none/a.sock')}`))).toMatchObject({ code: 'ListenFailed', cause: expect.any(Error) })
  })

  it('says what to do when nobody is there', async () => {
    const [none, stale] = [newPath(), newPath()]
    await leaveStale(stale)

    const errors = [none, stale].map(async (path) => failure(unixTransport.connect(new URL(`unix://${path}`), transportOptions())))

    expect(await Promise.all(errors)).toMatchObject([
      { code: 'ConnectFailed', message: expect.stringContaining(`there is no socket ${none}: is the other side running?`) },
      { code: 'ConnectFailed', message: expect.stringContaining(`nobody listens at ${stale}: is the other side running?`) }
    ])
  })

  it.each([
    ['no path', 'unix:', 'absolute path'],
    ['a folder', 'unix:///a/b/', 'absolute path'],
    ['two slashes', 'unix://tmp/a.sock', 'absolute path'],
    ['a relative path', 'unix:a.sock', 'absolute path'],
    ['a query', 'unix:///a?b', 'absolute path'],
    ['a path encoded badly', 'unix:///a%ff', 'not encoded well'],
    ['a path that is too long', `unix:///${'a'.repeat(103)}`, 'at most 103 bytes']
  ])('takes no address with %s', async (_, url, why) => {
    expect(await failure(unixTransport.connect(new URL(url), transportOptions()))).toMatchObject({ code: 'InvalidAddress', message: expect.stringContaining(why) })
  })
})
