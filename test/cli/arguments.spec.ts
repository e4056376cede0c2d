import { describe, expect, it } from 'vitest'
import { firstOperand, parseArguments } from '../../src/cli/arguments.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { duration, text, wholeNumber } from '../../src/cli/value-types.ts'
import type { Flag, Many, One } from '../../src/cli/arguments.ts'

const OPTIONS = {
  json: { kind: 'flag', help: 'JSON' } as Flag,
  verbose: { kind: 'flag', short: 'v', help: 'more' } as Flag,
  key: { kind: 'one', value: '<file>', type: text, help: 'a file' } as One<string>,
  timeout: { kind: 'one', value: '<time>', type: duration('ms'), help: 'a time' } as One<number>,
  count: { kind: 'one', short: 'c', value: '<n>', type: wholeNumber(1, 9), help: 'a number' } as One<number>,
  addr: { kind: 'many', value: '<address>', type: text, help: 'an address' } as Many<string>
} as const

function parse (...args: string[]): ReturnType<typeof parseArguments<typeof OPTIONS>> {
  return parseArguments(args, OPTIONS, 'test')
}

function failure (...args: string[]): UsageError {
  try {
    parse(...args)
  } catch (error) {
    if (error instanceof UsageError) {
      return error
    }

    throw error
  }

  throw new Error('the command line was understood')
}

describe('parseArguments', () => {
  it('gives every option a value, also those that were left out', () => {
    expect(parse()).toEqual({
      operands: [],
      values: { json: false, verbose: false, key: undefined, timeout: undefined, count: undefined, addr: [] }
    })
  })

  it('reads options before, between and after operands', () => {
    const { values, operands } = parse('--key', 'a', 'one', '-v', 'two', '--timeout=2s')

    expect(operands).toEqual(['one', 'two'])
    expect(values).toMatchObject({ key: 'a', verbose: true, timeout: 2000 })
  })

  it('reads letters that are written together', () => {
    expect(parse('-vc3').values).toMatchObject({ verbose: true, count: 3 })
  })

  it('keeps the last value of an option, and all of one that may be repeated', () => {
    const { values } = parse('--key', 'a', '--addr', '/x', '--key', 'b', '--addr', '/y')

    expect(values.key).toBe('b')
    expect(values.addr).toEqual(['/x', '/y'])
  })

  it('takes everything after -- for operands', () => {
    expect(parse('--', '--json', '-c').operands).toEqual(['--json', '-c'])
  })

  it('takes a lone dash for an operand and for a value', () => {
    expect(parse('-', '--key', '-')).toMatchObject({ operands: ['-'], values: { key: '-' } })
  })

  it.each([
    ['an unknown option', ['--jsn'], 'there is no option --jsn; did you mean --json?'],
    ['one like no other', ['--colour'], 'there is no option --colour'],
    ['an unknown letter', ['-x'], 'there is no option -x'],
    ['a name from the prototype', ['--constructor'], 'there is no option --constructor'],
    ['a flag with a value', ['--json=yes'], "--json takes no value, received 'yes'"],
    ['a value of another type', ['-c', 'ten'], "-c wants a whole number from 1 to 9, received 'ten'"],
    ['a missing value', ['--key'], '--key wants a value, and nothing came'],
    ['an empty value', ['--key='], "--key wants a value, received ''"],
    ['an option where a value belongs', ['--key', '--json'], "--key wants a value, received the option '--json' (write --key=--json if that is the value)"]
  ])('says what was wanted and what came: %s', (_, args, message) => {
    expect(failure(...args)).toMatchObject({ message, command: 'test' })
  })
})

describe('firstOperand', () => {
  it('finds the command behind the options that may come before it', () => {
    expect(firstOperand(['--key', 'a', '-v', 'dial', 'x'], OPTIONS)).toBe(3)
  })

  it('finds none among options', () => {
    expect(firstOperand(['--key', 'a', '--json'], OPTIONS)).toBeUndefined()
  })
})
