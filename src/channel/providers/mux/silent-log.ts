import type { Logger } from '@libp2p/interface'

function ignore (): void {}

/** What the muxer logs says nothing that the errors of streams and sessions do not say. */
export const silentLog: Logger = Object.assign(ignore, {
  error: ignore,
  trace: ignore,
  enabled: false,
  newScope: () => silentLog
})
