import { isIP } from 'node:net'
import { CODE_IP4, CODE_IP6, CODE_P2P_CIRCUIT } from '@multiformats/multiaddr'
import { partsOf } from '../address/index.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A household or a server holds a whole /64, and can use another address of it for every connection. */
const IPV6_GROUP_WORDS = 4
const IPV6_WORDS = 8
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0xffff]

/**
 * The IP address of the machine at the other end. Undefined where that is not known: of a relayed
 * address, whose IP is the relay's and shared by all who come through it, and of memory and unix ones.
 */
export function ipOf (address: Multiaddr): string | undefined {
  const { components, host } = partsOf(address)

  if (components.some((component) => component.code === CODE_P2P_CIRCUIT)) {
    return undefined
  }

  return host?.code === CODE_IP4 || host?.code === CODE_IP6 ? host.value : undefined
}

/**
 * Whom an IP address is counted with: an IPv4 address alone, also when it is written as an
 * IPv4-mapped IPv6 one, and an IPv6 address with the others of its /64. Undefined for loopback,
 * which is not counted. What is no IP address stands for itself.
 */
export function ipGroup (ip: string): string | undefined {
  const [address = ''] = ip.split('%')

  switch (isIP(address)) {
    case 4:
      return ipv4Group(address)
    case 6:
      return ipv6Group(ipv6Words(address))
    default:
      return ip
  }
}

function ipv4Group (address: string): string | undefined {
  return address.startsWith('127.') ? undefined : address
}

function ipv6Group (words: number[]): string | undefined {
  if (MAPPED_PREFIX.every((word, index) => words[index] === word)) {
    return ipv4Group(words.slice(MAPPED_PREFIX.length).flatMap((word) => [word >> 8, word & 0xff]).join('.'))
  }

  if (words.every((word, index) => word === (index === IPV6_WORDS - 1 ? 1 : 0))) {
    return undefined
  }

  return `${words.slice(0, IPV6_GROUP_WORDS).map((word) => word.toString(16)).join(':')}::/64`
}

/** The eight 16-bit words of a valid IPv6 address; RFC 4291 §2.2 has the three ways to write one. */
function ipv6Words (address: string): number[] {
  const [head = '', tail] = address.split('::')
  const before = wordsOf(head)

  if (tail == null) {
    return before
  }

  const after = wordsOf(tail)
  const zeros = new Array<number>(IPV6_WORDS - before.length - after.length).fill(0)

  return [...before, ...zeros, ...after]
}

function wordsOf (text: string): number[] {
  if (text === '') {
    return []
  }

  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) {
      return [Number.parseInt(part, 16)]
    }

    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)

    return [(a << 8) | b, (c << 8) | d]
  })
}
