/** What a stranger's first bytes look like, what that is, and what to do about it. */
interface Known {
  /** In Latin-1. */
  readonly begins: string
  readonly what: string
  readonly todo: string
}

const HTTP = { what: 'HTTP', todo: 'use ws:// or http2://' }
const HTTP2 = { what: 'HTTP/2', todo: 'use http2:// or https2://' }
const TLS = { what: 'TLS', todo: 'use tls:// on both sides' }
const SPDY = { what: 'SPDY', todo: 'use spdy://' }

const KNOWN: readonly Known[] = [
  { begins: 'PRI * HTTP/2', ...HTTP2 },
  ...['GET ', 'POST ', 'PUT ', 'HEAD ', 'OPTIONS ', 'CONNECT ', 'HTTP/1.'].map((begins) => ({ begins, ...HTTP })),
  // a handshake, and the alert of a server that was spoken to without one
  { begins: '\x16\x03', ...TLS },
  { begins: '\x15\x03', ...TLS },
  // SYN_STREAM and SETTINGS
  { begins: '\x80\x03\x00\x01', ...SPDY },
  { begins: '\x80\x03\x00\x04', ...SPDY },
  { begins: '\x13/multistream/', what: 'libp2p', todo: 'reach it with a swarm' },
  { begins: '/multistream/', what: 'libp2p', todo: 'reach it with a swarm' },
  { begins: 'SSH-', what: 'SSH', todo: 'check the port' },
  { begins: 'libchan/', what: 'another version of this protocol', todo: 'use releases that speak the same version' }
]

/** The type of a frame of HTTP/2 with settings, behind a length of 24 bits. */
const HTTP2_SETTINGS = 4

/** So many bytes are shown. */
const SHOWN_BYTES = 16

const MIN_PRINTABLE = 0x20
const MAX_PRINTABLE = 0x7E

/** For error messages: what the bytes are, and which protocol begins so, if that can be told. */
export function describeForeign (bytes: Uint8Array): string {
  const known = recognise(bytes)
  const shown = show(bytes.subarray(0, SHOWN_BYTES))

  return known == null ? shown : `${shown}, which is ${known.what}: ${known.todo}`
}

function recognise (bytes: Uint8Array): { what: string, todo: string } | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, SHOWN_BYTES))
  const isSettings = bytes[0] === 0 && bytes[1] === 0 && bytes[3] === HTTP2_SETTINGS && bytes[4] === 0

  return isSettings ? HTTP2 : KNOWN.find(({ begins }) => text.startsWith(begins))
}

/** As text where it is some, otherwise in hexadecimal. */
function show (bytes: Uint8Array): string {
  const isText = bytes.every((byte) => (byte >= MIN_PRINTABLE && byte <= MAX_PRINTABLE) || byte === 0x0D || byte === 0x0A)

  return isText
    ? JSON.stringify(String.fromCharCode(...bytes))
    : `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`
}
