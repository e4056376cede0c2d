/** Whether the first word of a stage is a file of JavaScript, and no backend: `./redact.ts`. */
export function isModulePath (word: string): boolean {
  return /^\.{0,2}\//.test(word) || /\.[cm]?[jt]s$/.test(word)
}
