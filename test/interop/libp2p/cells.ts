import { ALL, BASICS, BULK, DHT, PERF, RESET, RESET_BY_US, WAYS } from './features.ts'
import { STACKS } from './stacks.ts'
import type { Feature } from './features.ts'
import type { Program } from './programs.ts'
import type { Stack } from './stacks.ts'

/** What two peers of these kinds do over one kind of connection. */
export interface Block {
  readonly stack: Stack
  readonly features: readonly Feature[]
}

/** What is done with a program. */
export interface Plan {
  readonly blocks: readonly Block[]
  /** Stacks over which RSA keys are shown by both. */
  readonly rsa: readonly Stack[]
  /** Whether it relays for us, and we for it. */
  readonly hasRelay: boolean
}

const { noise, tls, ws, wsTls, quic, mplex, shipped } = STACKS

function all (...stacks: readonly Stack[]): Block[] {
  return stacks.map((stack) => ({ stack, features: ALL }))
}

function without (features: readonly Feature[], ...left: readonly Feature[]): readonly Feature[] {
  return features.filter((feature) => !left.includes(feature))
}

/** Its kad-dht speaks no protocol but that of the public network. */
const PY = without(ALL, DHT)

/** Over its QUIC the end of what is sent is sometimes missing; where it is lost is not known. */
const LOSSY = ['echo', 'half-close by the dialer']

export const PLANS: Readonly<Record<Program['name'], Plan>> = {
  'go-libp2p': {
    blocks: [...all(noise, tls, ws, wsTls), { stack: quic, features: [...without(ALL, RESET), RESET_BY_US] }, { stack: shipped, features: BASICS }],
    rsa: [noise, tls],
    hasRelay: true
  },
  'js-libp2p': {
    blocks: [...all(noise, tls, mplex, ws), { stack: quic, features: without(ALL, RESET) }],
    rsa: [noise, tls],
    hasRelay: true
  },
  // docs/interop.md says what is left out, and why
  'py-libp2p': {
    blocks: [
      { stack: noise, features: PY },
      { stack: tls, features: PY },
      { stack: ws, features: without(PY, BULK) },
      { stack: mplex, features: without(PY, RESET) },
      { stack: quic, features: without(PY, BULK, RESET, PERF).filter(({ name }) => !LOSSY.includes(name)) }
    ],
    rsa: [noise, tls],
    hasRelay: false
  }
}

/** A test of the matrix; its name is the test's. */
export interface Cell {
  readonly program: Program['name']
  readonly stack: string
  readonly feature: string
  readonly way: string
}

export const RSA_FEATURE = 'RSA keys on both sides'
export const RELAY_FEATURE = 'circuit relay'
export const RELAY_WAYS = ['through them', 'through us'] as const

/** All tests of a program, in their order. */
export function cellsOf (program: Program['name']): Cell[] {
  const { blocks, rsa, hasRelay } = PLANS[program]
  const pairs = [
    ...blocks.flatMap(({ stack, features }) => features.map(({ name, ways }) => ({ stack: stack.name, feature: name, ways }))),
    ...rsa.map((stack) => ({ stack: stack.name, feature: RSA_FEATURE, ways: WAYS }))
  ]

  return [
    ...pairs.flatMap(({ ways = WAYS, ...pair }) => ways.map((way) => ({ program, ...pair, way }))),
    ...(hasRelay ? RELAY_WAYS.map((way) => ({ program, stack: noise.name, feature: RELAY_FEATURE, way })) : [])
  ]
}
