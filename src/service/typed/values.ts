import { REASON_CODE } from '../../channel/index.ts'
import type { ByteStream, Receiver, Sender } from '../../channel/index.ts'

const UNWANTED = Object.freeze({ code: REASON_CODE.cancelled, message: 'nobody wants it any more' })

type Duck = Partial<Record<string | symbol, unknown>>

export function isReceiver (value: unknown): value is Receiver<unknown> {
  return has(value, 'receive') && has(value, 'cancel')
}

export function isSender (value: unknown): value is Sender<unknown> {
  return has(value, 'trySend') && has(value, 'abort')
}

/** Bytes, which travel as they are, though one could iterate over them: our streams, those of Node, and WHATWG's. */
export function isBytes (value: unknown): boolean {
  return has(value, 'closeWrite') || has(value, 'pipe') || has(value, 'getReader') || has(value, 'getWriter')
}

/** Whether it travels as the receiving end of a channel. */
export function isSequence (value: unknown): value is AsyncIterable<unknown> {
  return has(value, Symbol.asyncIterator) && !isBytes(value)
}

/** Ends the channels and streams in a value that nobody will use, so that who holds their other ends learns of it. */
export function discard (value: unknown): void {
  // in memory a value may be wide, deep, or within itself
  const waiting = [value]
  const seen = new Set<unknown>()

  for (let part = waiting.pop(); part !== undefined || waiting.length > 0; part = waiting.pop()) {
    if (typeof part !== 'object' || part == null || ArrayBuffer.isView(part) || seen.has(part)) {
      continue
    }

    seen.add(part)

    if (!end(part)) {
      for (const inner of Object.values(part)) {
        waiting.push(inner) // not spread: a wide list is more arguments than a call may have
      }
    }
  }
}

/** Whether it was something to end. */
function end (value: object): boolean {
  try {
    return endIt(value)
  } catch {
    return true // it has moved on: its new owner ends it
  }
}

function endIt (value: object): boolean {
  if (isReceiver(value)) {
    value.cancel(UNWANTED)
  } else if (isSender(value)) {
    value.abort(UNWANTED)
  } else if (has(value, 'reset') && has(value, 'closeWrite')) {
    (value as ByteStream).reset(UNWANTED)
  } else if (has(value, 'destroy') && has(value, 'pipe')) {
    (value as { destroy(): void }).destroy()
  } else if (isSequence(value)) {
    stop(value)
  } else {
    return false
  }

  return true
}

function stop (items: AsyncIterable<unknown>): void {
  items[Symbol.asyncIterator]().return?.().catch(() => {})
}

function has (value: unknown, name: string | symbol): value is object {
  return typeof value === 'object' && value != null && typeof (value as Duck)[name] === 'function'
}
