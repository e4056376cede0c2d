import { readdirSync, readFileSync } from 'node:fs'
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
    expect(names.sort()).toEqual(['echo-client.ts', 'echo-server.ts', 'persistent-peerstore.ts', 'request-response.ts', 'two-nodes.ts'])
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
