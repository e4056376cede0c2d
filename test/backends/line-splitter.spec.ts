import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter, MAX_LINE_LENGTH } from '../../src/backends/line-splitter.ts'
import type { Line } from '../../src/backends/line-splitter.ts'

function split (...chunks: Array<string | Uint8Array>): Line[] {
  const splitter = new LineSplitter()
  const encoder = new TextEncoder()

  return [...chunks.flatMap((chunk) => splitter.push(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)), ...splitter.end()]
}

function join (lines: readonly Line[]): string {
  return lines.map(({ text, isPartial }) => isPartial ? text : `${text}\n`).join('')
}

function whole (text: string): Line {
  return { text, isPartial: false }
}

describe('LineSplitter', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\nb', ['a', '', 'b']],
    ['\r\n', ['\r']],
    ['\uFEFFa\n', ['\uFEFFa']]
  ])('makes of %j the lines %j', (text, lines) => {
    expect(split(text)).toEqual(lines.map(whole))
  })

  it('puts together what was cut, within a character too', () => {
    const bytes = new TextEncoder().encode('zwölf Stück €\n')

    expect(split(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual([whole('zwölf Stück €')])
  })

  it('shows what is no UTF-8', () => {
    expect(split(Uint8Array.of(97, 0xFF, 98, 10, 0xE2))).toEqual([whole('a\uFFFDb'), whole('\uFFFD')])
  })

  it('gives a long line in pieces', () => {
    const lines = split(`${'x'.repeat(MAX_LINE_LENGTH)}\n`, 'y'.repeat(2 * MAX_LINE_LENGTH + 1), '\nz')

    expect(lines.map(({ text, isPartial }) => [text.length, isPartial])).toEqual([
      [MAX_LINE_LENGTH, false],
      [MAX_LINE_LENGTH, true],
      [MAX_LINE_LENGTH, true],
      [1, false],
      [1, false]
    ])
  })

  it('cuts no character in two', () => {
    const text = `${'x'.repeat(MAX_LINE_LENGTH - 1)}😀😀`
    const lines = split(text)

    expect(lines.map(({ text }) => text.isWellFormed())).toEqual([true, true])
    expect(join(lines)).toBe(`${text}\n`)
  })

  it('loses nothing of any text, cut anywhere', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\n', 'ö', '€', '😀') })), (parts) => {
      const text = parts.join('')
      const wanted = text === '' || text.endsWith('\n') ? text : `${text}\n`

      expect(join(split(...parts))).toBe(wanted)
    }))
  })
})
