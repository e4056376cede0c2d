import { describe, expect, it } from 'vitest'
import { findLongFiles, findLongFunctions } from '../support/size-check.ts'
import { readTypeScript } from '../support/source-tree.ts'

const MAX_FILE_LINES = 400
const MAX_FUNCTION_LINES = 70

function lines (count: number): string {
  return 'work()\n'.repeat(count)
}

describe('sizes', () => {
  it('are kept by the files of src', () => {
    expect(findLongFiles(readTypeScript('src'), MAX_FILE_LINES)).toEqual([])
  })

  it('are kept by the functions of src', () => {
    expect(findLongFunctions(readTypeScript('src'), MAX_FUNCTION_LINES)).toEqual([])
  })

  it('are kept by the files of test', () => {
    expect(findLongFiles(readTypeScript('test'), MAX_FILE_LINES)).toEqual([])
  })
})

describe('the check of sizes', () => {
  it('accepts a file at the limit and refuses one above', () => {
    const tree = new Map([['at.ts', lines(400)], ['above.ts', lines(401)]])

    expect(findLongFiles(tree, 400)).toEqual(['above.ts has 401 lines'])
  })

  it.each([
    ['function', 'function f () {\n', '}'],
    ['method', 'class A { #f () {\n', '} }'],
    ['getter', 'class A { get f () {\n', '} }'],
    ['constructor', 'class A { constructor () {\n', '} }'],
    ['arrow', 'const f = () => {\n', '}']
  ])('accepts a %s at the limit and refuses one above', (_, open, close) => {
    const tree = new Map([['at.ts', open + lines(68) + close], ['above.ts', open + lines(69) + close]])

    expect(findLongFunctions(tree, 70)).toEqual(['above.ts:1 is a function of 71 lines'])
  })
})
