/** Of the bodies of the request and of the response; spec-channel 12.4. */
export const CONTENT_TYPE = 'application/libchan'

/** More waits for `onRoom` while so much has not left. */
export const HIGH_WATER_BYTES = 256 * 1024

/**
 * What the other side may send before we have read it, on a connection and on each of its streams. One that is
 * full lasts for a round trip: 4 MiB make 40 MB/s at 100 ms. On one machine larger ones are no faster, measured.
 */
export const WINDOW_BYTES = 4 * 1024 * 1024

/** Of one DATA frame that we take. */
export const FRAME_BYTES = 64 * 1024

/** Sessions that one connection may carry: proxies put several on one. */
export const MAX_STREAMS_PER_CONNECTION = 100

/** Whether a body of this type is a byte pipe of ours; parameters of the type mean nothing. */
export function isChannels (contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === CONTENT_TYPE
}

export const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http2:': 80, 'https2:': 443 }
