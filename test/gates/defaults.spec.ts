import { describe, expect, it } from 'vitest'
import { BUSY_POLL_DEFAULTS } from '../../src/base/index.ts'
import { CONNECTION_DEFAULTS as CHANNEL_CONNECTION_DEFAULTS, SESSION_DEFAULTS } from '../../src/channel/contract/index.ts'
import { MESH_DEFAULTS } from '../../src/mesh/mesh.ts'
import { PIPELINE_DEFAULTS } from '../../src/service/pipeline.ts'
import { SERVE_DEFAULTS } from '../../src/service/serve.ts'
import { TEE_DEFAULTS } from '../../src/service/tee.ts'
import { CONNECTION_DEFAULTS, DIAL_DEFAULTS, LIMIT_DEFAULTS } from '../../src/swarm/options.ts'
import { YAMUX_DEFAULTS } from '../../src/yamux/options.ts'
import { checkTag, readDefaultTags } from '../support/default-tags.ts'
import { readSections, readTable } from '../support/markdown.ts'
import { readTopFile, readTypeScript } from '../support/source-tree.ts'

type Defaults = Readonly<Record<string, unknown>>

const ROOMS: Readonly<Record<string, Defaults>> = {
  dial: DIAL_DEFAULTS,
  limits: LIMIT_DEFAULTS,
  connection: CONNECTION_DEFAULTS,
  yamux: YAMUX_DEFAULTS,
  'busy polling': BUSY_POLL_DEFAULTS,
  session: SESSION_DEFAULTS,
  'channel connection': CHANNEL_CONNECTION_DEFAULTS,
  service: { ...SERVE_DEFAULTS, ...PIPELINE_DEFAULTS, ...TEE_DEFAULTS },
  mesh: MESH_DEFAULTS
}

const sources = [...readTypeScript('src')].filter(([, text]) => text.includes('@default'))
const sections = readSections(readTopFile('docs/limits.md'))

/** The objects that a file exports as `*_DEFAULTS`. */
async function defaultsOf (path: string): Promise<Defaults[]> {
  const exported = await import(/* @vite-ignore */ `../../${path}`) as Record<string, Defaults>

  return Object.entries(exported).flatMap(([name, value]) => name.endsWith('_DEFAULTS') ? [value] : [])
}

function unitOf (option: string): string {
  if (option.endsWith('Ms')) {
    return 'ms'
  }

  if (option.endsWith('Us')) {
    return 'µs'
  }

  return option.endsWith('Bytes') ? 'bytes' : 'count'
}

describe('a @default tag', () => {
  it.each(sources)('says what the code does, in %s', async (path, text) => {
    const defaults = /_DEFAULTS\b/.test(text) ? await defaultsOf(path) : []
    const wrong = readDefaultTags(path, text).flatMap((tag) => checkTag(tag, text, defaults, ROOMS) ?? [])

    expect(wrong).toEqual([])
  })

  it('stands at every option that has a default', () => {
    const tagged = new Set(sources.flatMap(([path, text]) => readDefaultTags(path, text)).map(({ property }) => property))
    const options = Object.values(ROOMS).flatMap((defaults) => Object.keys(defaults))

    expect(options.filter((option) => !tagged.has(option))).toEqual([])
  })
})

describe('docs/limits.md', () => {
  it.each(Object.entries(ROOMS))('lists every option of %s with its default and unit', (room, defaults) => {
    const section = sections.find(({ heading }) => heading === room)
    const rows = section == null ? [] : readTable(section)
    const expected = Object.entries(defaults).map(([option, value]) => [`\`${option}\``, String(value), unitOf(option)])

    expect(rows.map((cells) => cells.slice(0, 3))).toEqual(expected)
    expect(rows.filter((cells) => cells.length !== 4 || cells[3] === '')).toEqual([])
  })

  it('has a section for every group of options', () => {
    expect(Object.keys(ROOMS).filter((room) => !sections.some(({ heading }) => heading === room))).toEqual([])
  })
})

describe('the check of defaults', () => {
  const defaults = [{ sizeBytes: 4 }]

  it.each([
    ['the number of the defaults', '/** @default 4 */ sizeBytes', ''],
    ['a number that the code falls back to', '/** @default 7 */ depth', 'const d = init.depth ?? 7'],
    ['a number that a constant of the file has', '/** @default 7000 */ depth', 'const MAX = 7_000\nconst d = init.depth ?? MAX'],
    ['a constant that is a field', '/** @default CODE.normal */ reason', 'const { reason = CODE.normal } = init'],
    ['a word', "/** @default 'allow' */ limited", ''],
    ['an option of another room', '/** Long. @default dial.maxWaiters */ waiters', ''],
    ['a constant of the file', '/** @default MAX_A */ most', 'init.most ?? MAX_A'],
    ['a sentence', '/** @default a counter of its own */ counter', '']
  ])('accepts %s', (_, property, code) => {
    const text = `interface A { ${property}?: unknown }\n${code}`

    expect(readDefaultTags('a.ts', text).map((tag) => checkTag(tag, text, defaults, ROOMS))).toEqual([undefined])
  })

  it.each([
    ['another number than the defaults', '/** @default 5 */ sizeBytes', 'sizeBytes is said to be 5 and is 4'],
    ['a number that no code has', '/** @default 7 */ depth', 'depth is said to be 7, and no code of its file says so'],
    ['an option that does not exist', '/** @default dial.none */ none', 'none defaults to dial.none, and there is no such option'],
    ['a constant that the file does not know', '/** @default MAX_A */ most', 'most defaults to MAX_A, which its file does not know']
  ])('refuses %s', (_, property, why) => {
    const text = `interface A { ${property}?: unknown }`

    expect(readDefaultTags('a.ts', text).map((tag) => checkTag(tag, text, defaults, ROOMS))).toEqual([why])
  })
})
