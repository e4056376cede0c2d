import { setImmediate } from 'node:timers/promises'

/** The other side, which is a process of its own, closes a WebSocket that we have dialled after us. */
const PATIENCE_MS = 2000

function count (): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}

/** Counts open sockets; what it gives waits, but not for long, until there are no more than that. */
export function watchSockets (): () => Promise<void> {
  const before = count()

  return async () => {
    const until = performance.now() + PATIENCE_MS

    while (count() > before && performance.now() < until) {
      await setImmediate()
    }
  }
}
