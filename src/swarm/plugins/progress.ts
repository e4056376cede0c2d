type ProgressListener = (event: never) => void

/** Options by which js-libp2p's callers ask how far a call is. */
export interface ProgressOptions {
  onProgress?: ProgressListener | undefined
}

/** Tells whoever asked, in the shape of js-libp2p's progress events. */
export function tellProgress ({ onProgress }: ProgressOptions, type: string, detail?: unknown): void {
  onProgress?.(new CustomEvent(type, { detail }) as never)
}
