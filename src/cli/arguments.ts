import { parseArgs } from 'node:util'
import { nearest } from '../base/index.ts'
import { UsageError } from './usage-error.ts'
import type { ValueType } from './value-types.ts'
import type { ParseArgsOptionsConfig } from 'node:util'

interface OptionBase {
  readonly help: string
  /** One letter. */
  readonly short?: string
}

export interface Flag extends OptionBase {
  readonly kind: 'flag'
}

/** Takes a value; the last one counts. */
export interface One<T> extends OptionBase {
  readonly kind: 'one'
  /** What stands for the value in the help, as `<file>`. */
  readonly value: string
  readonly type: ValueType<T>
}

/** Takes a value, and may be repeated. */
export interface Many<T> extends OptionBase {
  readonly kind: 'many'
  readonly value: string
  readonly type: ValueType<T>
}

export type OptionSpec = Flag | One<unknown> | Many<unknown>
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

type ValueOf<S> = S extends Flag ? boolean : S extends Many<infer T> ? T[] : S extends One<infer T> ? T | undefined : never

/** What the options of a command line were set to. */
export type Values<O> = { readonly [K in keyof O]: ValueOf<O[K]> }

export interface ParsedArguments<O> {
  values: Values<O>
  operands: string[]
}

interface OptionToken {
  name: string
  rawName: string
  value?: string | undefined
  inlineValue?: boolean | undefined
}

/**
 * Sorts a command line into options and operands.
 *
 * @throws UsageError naming the option, what it wants and what came
 */
export function parseArguments<O extends OptionSpecs> (args: readonly string[], options: O, command?: string): ParsedArguments<O> {
  const values: Record<string, unknown> = {}
  const operands: string[] = []
  const { tokens } = parseArgs({ args: [...args], options: toConfig(options), strict: false, allowPositionals: true, tokens: true })

  for (const [name, spec] of Object.entries(options)) {
    values[name] = emptyValue(spec)
  }

  for (const token of tokens) {
    if (token.kind === 'positional') {
      operands.push(token.value)
    } else if (token.kind === 'option') {
      apply(values, token, options, command)
    }
  }

  return { values: values as Values<O>, operands }
}

/** Where the first operand stands, if there is one; `options` are those that may come before it. */
export function firstOperand (args: readonly string[], options: OptionSpecs): number | undefined {
  const { tokens } = parseArgs({ args: [...args], options: toConfig(options), strict: false, allowPositionals: true, tokens: true })

  return tokens.find((token) => token.kind === 'positional')?.index
}

function toConfig (options: OptionSpecs): ParseArgsOptionsConfig {
  const config: ParseArgsOptionsConfig = {}

  for (const [name, { kind, short }] of Object.entries(options)) {
    config[name] = { type: kind === 'flag' ? 'boolean' : 'string', ...(short == null ? {} : { short }) }
  }

  return config
}

function emptyValue (spec: OptionSpec): unknown {
  switch (spec.kind) {
    case 'flag': return false
    case 'many': return []
    default: return undefined
  }
}

function apply (values: Record<string, unknown>, token: OptionToken, options: OptionSpecs, command: string | undefined): void {
  const spec = Object.hasOwn(options, token.name) ? options[token.name] : undefined

  if (spec == null) {
    throw new UsageError(unknownOption(token, options), command)
  }

  if (spec.kind === 'flag') {
    if (token.value != null) {
      throw new UsageError(`${token.rawName} takes no value, received '${token.value}'`, command)
    }

    values[token.name] = true
    return
  }

  const value = valueOf(token, spec, command)

  values[token.name] = spec.kind === 'many' ? [...values[token.name] as unknown[], value] : value
}

function valueOf (token: OptionToken, spec: One<unknown> | Many<unknown>, command: string | undefined): unknown {
  const { rawName, value } = token
  const wants = `${rawName} wants ${spec.type.wanted}`

  if (value == null) {
    throw new UsageError(`${wants}, and nothing came`, command)
  }

  // `--key --json`: more likely a forgotten value than a file of that name
  if (token.inlineValue !== true && value.length > 1 && value.startsWith('-')) {
    throw new UsageError(`${wants}, received the option '${value}' (write ${rawName}=${value} if that is the value)`, command)
  }

  const parsed = spec.type.parse(value)

  if (parsed === undefined) {
    throw new UsageError(`${wants}, received '${value}'`, command)
  }

  return parsed
}

function unknownOption ({ name, rawName }: OptionToken, options: OptionSpecs): string {
  const meant = rawName.startsWith('--') ? nearest(name, Object.keys(options)) : undefined

  return `there is no option ${rawName}${meant == null ? '' : `; did you mean --${meant}?`}`
}
