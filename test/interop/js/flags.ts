import { parseArgs } from 'node:util'

export interface Flags {
  /** Multiaddrs. */
  readonly listen: string[]
  readonly key: string
  readonly security: string
  readonly muxer: string
  /** Relay for others. */
  readonly relay: boolean
  /** Print the versions of the packages, and end. */
  readonly versions: boolean
}

const OPTIONS = {
  listen: { type: 'string', default: '/ip4/127.0.0.1/tcp/0' },
  key: { type: 'string', default: 'ed25519' },
  security: { type: 'string', default: 'noise' },
  muxer: { type: 'string', default: 'yamux' },
  relay: { type: 'boolean', default: false },
  versions: { type: 'boolean', default: false }
} as const

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  key: ['ed25519', 'rsa'],
  security: ['noise', 'tls'],
  muxer: ['yamux', 'mplex']
}

/** Flags begin with one dash, as they do in Go programs. */
export function readFlags (args: readonly string[]): Flags {
  const { values } = parseArgs({ args: args.map((arg) => arg.replace(/^-(?=[a-z])/, '--')), options: OPTIONS })

  for (const [name, allowed] of Object.entries(ALLOWED)) {
    const value = String(values[name as keyof typeof values])

    if (!allowed.includes(value)) {
      throw new TypeError(`-${name} must be one of ${allowed.join(', ')}, received ${value}`)
    }
  }

  return { ...values, listen: values.listen === 'none' ? [] : values.listen.split(',') }
}
