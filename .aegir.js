/**
 * For those who work with aegir: `npx aegir build`, `npx aegir lint`, `npx aegir dep-check`. The
 * project itself runs on npm scripts, and aegir is none of its dependencies.
 */
export default {
  build: {
    // a single file for browsers is of no use for what listens on sockets
    bundle: false
  },
  lint: {
    // not examples and benchmarks: they print, which aegir forbids; `npm run lint` takes care of them
    files: [
      '*.{js,ts}',
      'src/**/*.ts',
      'test/**/*.{js,ts}'
    ]
  },
  dependencyCheck: {
    // npm scripts run it, nothing imports it
    ignore: ['node'],
    productionIgnorePatterns: [
      '/benchmarks',
      '/dist',
      '/examples',
      '/test',
      '.aegir.js',
      'eslint.config.js',
      'vitest.config.ts'
    ]
  }
}
