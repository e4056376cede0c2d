import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readTopFile } from '../support/source-tree.ts'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'

const README = readTopFile('README.md')
const root = fileURLToPath(new URL('../..', import.meta.url))

function blocks (language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, body = '']) => body)
}

function example (name: string, ...args: string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [`examples/${name}.ts`, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Peer IDs and ports differ from run to run. */
function anonymous (line: string): string {
  return line.replace(/12D3KooW\w{44}/g, '<peer>').replace(/tcp\/\d+/g, 'tcp/<port>')
}

/** The source of an example, as somebody writes it who has the package. */
function asInstalled (source: string): string {
  return source.replaceAll(/'\.\.\/src\/(?:(\w+)\/)?index\.ts'/g, (_, room?: string) => room == null ? "'swarmd'" : `'swarmd/${room}'`)
}

describe('the README', () => {
  it.each(blocks('ts'))('shows an example as it is in its file: %s', (block) => {
    const [, file = '', body] = /^\/\/ (examples\/\S+)\n(.*)$/s.exec(block) ?? []
    const [, ...source] = readTopFile(file).split('\n') // the first line says what the example is

    expect(body).toBe(asInstalled(source.join('\n')))
  })

  it('keeps an echo server and its client to four lines each', () => {
    for (const block of blocks('ts').filter((text) => text.includes('examples/echo-'))) {
      expect(block.split('\n').filter((line) => line !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(4)
    }
  })

  it('shows what the two print', async () => {
    const server = example('echo-server')
    const [address] = await once(server.stdout, 'data')
    const client = example('echo-client', String(address).trim())
    const echoed = await text(client.stdout)

    server.kill()
    await once(server, 'exit')

    const shown = blocks('console').find((block) => block.includes('echo-server'))
    const printed = `$ node examples/echo-server.ts\n${String(address)}$ node examples/echo-client.ts ${String(address)}${echoed}`

    expect(anonymous(printed)).toBe(anonymous(shown ?? ''))
  }, 30_000)

  it('links to files that exist', () => {
    const links = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => path).filter((path) => !path.startsWith('http'))

    expect(links.length).toBeGreaterThan(10)
    expect(links.filter((path) => !existsSync(`${root}${path}`))).toEqual([])
  })

  it('has the two commands that do all set-up', () => {
    expect(blocks('sh').slice(0, 2).join('')).toMatch(/^npm ci && npm start .*\nnpm ci && npm test$/m)
  })
})

describe('docs/plugins.md', () => {
  it('names tests that exist', () => {
    const files = [...readTopFile('docs/plugins.md').matchAll(/`(test\/\S+)`/g)].map(([, file = '']) => file)

    expect(files.length).toBeGreaterThan(5)
    expect(files.filter((file) => !existsSync(`${root}${file}`))).toEqual([])
  })
})
