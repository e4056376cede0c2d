import { MAX_UINT32 } from './constants.ts'

/** Whether a field of a frame can hold it. */
export function isUint32 (value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_UINT32
}
