import importPlugin from 'eslint-plugin-import'
import jsdoc from 'eslint-plugin-jsdoc'
import neostandard from 'neostandard'

const TS = ['**/*.ts']

/*
 * The rules of `aegir lint` (aegir 48) on top of standard style, restated so that what passes here
 * passes there. Rules that aegir only warns about are errors here.
 */
const aegirRules = {
  'block-scoped-var': 'error',
  complexity: ['error', 20],
  curly: ['error', 'all'],
  'default-case': 'error',
  'guard-for-in': 'error',
  'max-nested-callbacks': ['error', 4],
  'no-alert': 'error',
  'no-console': 'error',
  'no-div-regex': 'error',
  'no-empty': 'error',
  'no-extra-semi': 'error',
  'no-implicit-coercion': 'error',
  'no-loop-func': 'error',
  'no-nested-ternary': 'error',
  'no-script-url': 'error',
  'no-void': ['error', { allowAsStatement: true }],
  'no-warning-comments': 'error',
  'require-yield': 'error',
  strict: ['error', 'safe'],
  'import/order': ['error', {
    alphabetize: { order: 'asc', caseInsensitive: false },
    'newlines-between': 'never',
    groups: ['builtin', 'external', 'internal', 'parent', 'sibling', 'index', 'object', 'type']
  }],
  '@stylistic/comma-dangle': ['error', {
    arrays: 'never',
    objects: 'never',
    imports: 'never',
    exports: 'never',
    functions: 'never'
  }],
  'no-restricted-properties': ['error', ...['describe', 'it', 'test'].map((object) => ({ object, property: 'only' }))]
}

const aegirTypeScriptRules = {
  'no-return-await': 'off',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/explicit-function-return-type': ['error', {
    allowExpressions: true,
    allowHigherOrderFunctions: true,
    allowTypedFunctionExpressions: true,
    allowDirectConstAssertionInArrowFunctions: true
  }],
  '@typescript-eslint/method-signature-style': ['error', 'method'],
  '@typescript-eslint/no-use-before-define': ['error', {
    functions: false,
    classes: false,
    enums: false,
    variables: false,
    typedefs: false
  }],
  // what `using` declares is used: it is held
  '@typescript-eslint/no-unused-vars': ['error', { args: 'none', caughtErrors: 'none', ignoreRestSiblings: true, vars: 'all', ignoreUsingDeclarations: true }],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/return-await': ['error', 'in-try-catch'],
  'import/consistent-type-specifier-style': ['error', 'prefer-top-level'],
  'jsdoc/require-param': 'off',
  'n/file-extension-in-import': ['error', 'always']
}

const aegirDocRules = {
  'jsdoc/check-alignment': 'error',
  'jsdoc/check-indentation': 'error',
  'jsdoc/check-param-names': 'error',
  'jsdoc/check-syntax': 'error',
  'jsdoc/check-tag-names': ['error', { definedTags: ['internal', 'packageDocumentation'] }],
  'jsdoc/check-types': 'error',
  'jsdoc/implements-on-classes': 'error',
  'jsdoc/require-param': 'error',
  'jsdoc/require-hyphen-before-param-description': 'error',
  'jsdoc/require-param-name': 'error',
  'jsdoc/require-returns-check': 'error',
  'jsdoc/tag-lines': ['error', 'any', { startLines: 1 }]
}

/* What this project asks for beyond aegir. */
const ourRules = {
  'max-depth': ['error', 3]
}

/* Where what is made lasts as long as a connection, a stream, a channel or a call. */
const lastingRooms = ['base', 'message-stream', 'noise', 'tls', 'tcp', 'yamux', 'swarm', 'channel', 'service', 'mesh']

const lastingRules = {
  'no-restricted-syntax': ['error', {
    selector: 'AssignmentExpression[left.type="MemberExpression"]:matches([right.type="ArrowFunctionExpression"], [right.type="FunctionExpression"])',
    message: 'V8 allocates a function that is written where it is assigned to a property in its old generation, where it keeps all that it refers to until everything is collected: give it a name first.'
  }]
}

const ourTypeScriptRules = {
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/no-unsafe-function-type': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
}

export default [
  ...neostandard({
    env: ['node', 'browser', 'worker', 'es2024'],
    ignores: ['dist/**', 'coverage/**', '.tmp/**'],
    noJsx: true,
    ts: true
  }),
  {
    name: 'swarmd/base',
    plugins: { import: importPlugin },
    rules: { ...aegirRules, ...ourRules }
  },
  {
    name: 'swarmd/jsdoc',
    plugins: { jsdoc },
    settings: {
      jsdoc: {
        mode: 'typescript',
        tagNamePreference: { augments: 'extends' },
        structuredTags: { extends: { type: true } }
      }
    },
    rules: aegirDocRules
  },
  {
    name: 'swarmd/typescript',
    files: TS,
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
    },
    settings: {
      n: { typescriptExtensionMap: [['.ts', '.js'], ['.ts', '.ts']], tryExtensions: ['.ts', '.js', '.json', '.node', '.mjs', '.cjs'] }
    },
    rules: { ...aegirTypeScriptRules, ...ourTypeScriptRules }
  },
  {
    name: 'swarmd/lasting',
    files: lastingRooms.map((room) => `src/${room}/**`),
    rules: lastingRules
  },
  {
    name: 'swarmd/printing',
    files: ['benchmarks/**', 'examples/**'],
    rules: { 'no-console': 'off' }
  }
]
