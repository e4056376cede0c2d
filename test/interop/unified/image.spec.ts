import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Run } from './pair.ts'
import { readSettings } from './settings.ts'

const TOP = fileURLToPath(new URL('../../..', import.meta.url))
const DOCKERFILE = readFileSync(new URL('Dockerfile', import.meta.url), 'utf8')
const SETTINGS = { IS_DIALER: 'true', REDIS_ADDR: '127.0.0.1:1', TEST_KEY: 'a5b50d5e', SECURE_CHANNEL: 'noise', MUXER: 'yamux' }

interface Entry {
  readonly source: { dockerfile: string, commit: string }
  readonly transports: string[]
  readonly secureChannels: string[]
  readonly muxers: string[]
}

const scene = { folder: '' }

/** The lines of this instruction, without it, in words. */
function instructions (name: string): string[][] {
  return DOCKERFILE.split('\n').filter((line) => line.startsWith(`${name} `)).map((line) => line.split(/\s+/).slice(1))
}

describe('the image for unified testing', () => {
  beforeAll(async () => {
    scene.folder = await mkdtemp(join(tmpdir(), 'unified-image-'))

    for (const words of instructions('COPY')) {
      const target = words.at(-1) ?? '.'

      for (const source of words.slice(0, -1)) {
        await cp(join(TOP, source), join(scene.folder, target.endsWith('/') ? join(target, source) : target), { recursive: true })
      }
    }

    await symlink(join(TOP, 'node_modules'), join(scene.folder, 'node_modules'))
  })

  afterAll(async () => { await rm(scene.folder, { recursive: true }) })

  it('holds all files that the application imports', async () => {
    const [program, main = ''] = JSON.parse(instructions('ENTRYPOINT').flat().join(' ')) as string[]
    await using run = new Run({ name: 'image', command: process.execPath, args: [join(scene.folder, main)] }, { ...SETTINGS, TRANSPORT: 'tcp' })
    const { code, stderr } = await run.outcome

    expect(program).toBe('node')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') })
  })

  it('has an entry that names what the application knows, and where the image is described', () => {
    const { implementations } = parse(readFileSync(new URL('images.yaml', import.meta.url), 'utf8')) as { implementations: Entry[] }
    const [entry] = implementations

    expect(implementations).toHaveLength(1)
    expect(existsSync(join(TOP, entry?.source.dockerfile ?? 'none'))).toBe(true)
    expect(entry?.source.commit).toMatch(/^[0-9a-f]{40}$/)

    for (const TRANSPORT of entry?.transports ?? []) {
      for (const SECURE_CHANNEL of entry?.secureChannels ?? []) {
        for (const MUXER of entry?.muxers ?? []) {
          expect(readSettings({ ...SETTINGS, TRANSPORT, SECURE_CHANNEL, MUXER }).transport).toBe(TRANSPORT)
        }
      }
    }
  })
})
