import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { Folder, runCli, Running, startListener } from '../cli/support/run-cli.ts'

const FOLDER = new URL('../../examples/', import.meta.url)
const MAX_LINES = 40

const names = readdirSync(FOLDER)

function fileOf (name: string): string {
  return fileURLToPath(new URL(name, FOLDER))
}

function textOf (name: string): string {
  return readFileSync(fileOf(name), 'utf8')
}

function statementsOf (name: string): number {
  return ts.createSourceFile(name, textOf(name), ts.ScriptTarget.Latest).statements.length
}

describe('the examples', () => {
  it.each(names)('%s is short, and says on top what it shows', (name) => {
    const text = textOf(name)

    expect(text.trimEnd().split('\n').length).toBeLessThan(MAX_LINES)
    expect(text).toMatch(/^\/\/ [A-Z].*\n[^/]/)
  })

  it.each(['echo-server.ts', 'echo-client.ts'])('%s is four statements', (name) => {
    expect(statementsOf(name)).toBe(4)
  })

  it('are all run here', () => {
    expect(names.sort()).toEqual(['channel-chat.ts', 'channel-file-transfer.ts', 'channel-remote-exec.ts', 'channel-request-response.ts', 'channel-worker-pool.ts', 'echo-client.ts', 'echo-server.ts', 'persistent-peerstore.ts', 'request-response.ts', 'service-typed.ts', 'two-nodes.ts'])
  })
})

describe('echo-server and echo-client', () => {
  it('understand each other', async () => {
    await using server = new Running([], { program: fileOf('echo-server.ts') })
    const { input: address } = await server.line(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW\w+$/)

    const { code, stdout, stderr } = await runCli([address, 'hello there'], { program: fileOf('echo-client.ts') })

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'hello there', stderr: '' })
  })
})

describe('request-response', () => {
  it('asks twice and is answered twice', async () => {
    const { code, stdout, stderr } = await runCli([], { program: fileOf('request-response.ts') })

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"sum":6}\n{"sum":0}\n', stderr: '' })
  })
})

describe('two-nodes', () => {
  it('shows a connection, a stream on it, and its end', async () => {
    const { code, stdout, stderr } = await runCli([], { program: fileOf('two-nodes.ts') })

    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toEqual([
      'alice: connected over /noise and /yamux/1.0.0',
      'bob says: hello alice',
      expect.stringMatching(/^alice: the connection to bob is gone \(\w+ by remote\)$/)
    ])
  })
})

describe('persistent-peerstore', () => {
  it('still knows a friend after a restart', async () => {
    await using folder = await Folder.create()
    await using friend = await startListener(folder)
    const program = fileOf('persistent-peerstore.ts')
    const reached = `reached ${friend.peer} at ${friend.address}\n`

    const first = await runCli([folder.path, friend.address], { program })
    const second = await runCli([folder.path], { program })

    expect(first).toMatchObject({ code: 0, stdout: reached, stderr: '' })
    expect(second).toMatchObject({ code: 0, stdout: reached, stderr: '' })
  })
})

describe('channel-request-response', () => {
  it('adds up, in the order of the questions', async () => {
    const { code, stdout, stderr } = await runCli([], { program: fileOf('channel-request-response.ts') })

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '6\n0 4 11\n', stderr: '' })
  })
})

describe('service-typed', () => {
  it('calls functions over TCP: a value, a sequence, an error with data', async () => {
    const { code, stdout, stderr } = await runCli([], { program: fileOf('service-typed.ts') })

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '1 left\napples: 1\npears: 2\nnot enough pears: {"missing":1}\n', stderr: '' })
  })
})

describe('channel-worker-pool', () => {
  it('has every job done once, by several workers', async () => {
    const { code, stdout, stderr } = await runCli([], { program: fileOf('channel-worker-pool.ts') })
    const lines = stdout.trimEnd().split('\n')

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(lines.map((line) => line.split(' by ')[0]).sort()).toEqual(['1: 1', '2: 4', '3: 9', '4: 16', '5: 25', '6: 36'])
    expect(new Set(lines.map((line) => line.split(' by ')[1])).size).toBeGreaterThan(1)
  })
})

describe('channel-file-transfer', () => {
  it('copies a file, and shows how far it is', async () => {
    await using folder = await Folder.create()
    const [source, target] = [join(folder.path, 'source'), join(folder.path, 'target')]
    const contents = randomBytes(1_000_000)

    writeFileSync(source, contents)

    const { code, stdout, stderr } = await runCli([source, target], { program: fileOf('channel-file-transfer.ts') })
    const percents = stdout.split('\r').slice(1).map((text) => parseInt(text))

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(readFileSync(target).equals(contents)).toBe(true)
    expect(percents).toEqual([...percents].sort((a, b) => a - b))
    expect(percents.at(-1)).toBe(100)
  })
})

describe('channel-chat', () => {
  it('tells everybody what anybody says', async () => {
    await using folder = await Folder.create()
    const url = `unix://${join(folder.path, 'room')}`
    await using ann = new Running(['ann', url], { program: fileOf('channel-chat.ts') })

    await ann.line(/^\* ann joins$/)

    await using bob = new Running(['bob', url], { program: fileOf('channel-chat.ts') })

    await ann.line(/^\* bob joins$/)
    await bob.line(/^\* bob joins$/)
    bob.child.stdin.write('hello\n')
    await ann.line(/^bob: hello$/)
    ann.child.stdin.write('hi\n')
    await bob.line(/^ann: hi$/)
    bob.child.stdin.end()
    await ann.line(/^\* bob leaves$/)
  })
})

describe('channel-remote-exec', () => {
  it('carries the input, the output and the status of a command', async () => {
    const program = fileOf('channel-remote-exec.ts')
    await using server = new Running(['spdy://127.0.0.1:0'], { program })
    const { input: url } = await server.line(/^spdy:\/\/127\.0\.0\.1:\d+$/)

    const counted = await runCli([url, 'sh', '-c', 'wc -l; echo oops >&2; exit 3'], { program, input: 'a\nb\n' })

    expect({ ...counted, stdout: counted.stdout.trim() }).toMatchObject({ code: 3, stdout: '2', stderr: 'oops\n' })
  })
})
