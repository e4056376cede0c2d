import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitWords } from '../../src/service/index.ts'

/** As one would type it: quoted in one way or another, or escaped. */
function quote (word: string, way: number): string {
  switch (way) {
    case 0: return `'${word.replaceAll("'", "'\\''")}'`
    case 1: return `"${word.replace(/["\\$`]/g, '\\$&')}"`
    default: return word === '' ? "''" : word.replace(/[^]/g, (unit) => unit === '\n' ? "'\n'" : `\\${unit}`)
  }
}

describe('splitWords', () => {
  it.each([
    ['', []],
    [' \t\n', []],
    ['exec ls -l', ['exec', 'ls', '-l']],
    ["a 'b c' d", ['a', 'b c', 'd']],
    ['"a \\"b\\" \\\\ \\$c \\`d\\` \\e"', ['a "b" \\ $c `d` \\e']],
    ["'a \\ b'", ['a \\ b']],
    ['a\\ b', ['a b']],
    ["''", ['']],
    ["a''b'c'\"d\"", ['abcd']],
    ['a\\\nb', ['ab']],
    ['a \\\n b', ['a', 'b']],
    ['"a\\\nb"', ['ab']],
    ['a | b ; $c # d', ['a', '|', 'b', ';', '$c', '#', 'd']],
    ['a\u00a0b', ['a\u00a0b']]
  ])('splits %j as a shell would', (line, words) => {
    expect(splitWords(line)).toEqual(words)
  })

  it.each(["'", '"', 'a "b', "a 'b", '\\', '"a\\'])('refuses %j', (line) => {
    expect(() => splitWords(line)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  it('gives back any words, however they were quoted', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.nat(2))), (words) => {
      expect(splitWords(words.map(([word, way]) => quote(word, way)).join(' '))).toEqual(words.map(([word]) => word))
    }))
  })

  it('takes lines of any length', () => {
    expect(splitWords(`"${'a\\"'.repeat(1_000_000)}"`)).toEqual(['a"'.repeat(1_000_000)])
  })
})
