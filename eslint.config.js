import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

// Which file may import which is the business of scripts/layer-rules.ts. Here stands what needs to know names and
// types inside a file.

/** What the domain may use of the events at run time: each is a value or a function without clock, input or output. */
const PURE_EVENTS = [
  'AUTHORITY_EVENTS',
  'EVENT_TYPES',
  'KEYLESS_EVENTS',
  'MAX_PROFILE_ID_LENGTH',
  'MAX_TOKEN',
  'REPORT_EVENTS',
  'assertProfileId',
  'isAuthorityEvent',
  'isEventType',
  'isKeylessEvent',
  'isReportEvent',
  'isToken',
  'positiveToken',
  'subjectOf',
];

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', '.devstack/**', 'packages/events/src/generated/**'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'max-lines': ['error', { max: 300 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-console': 'error',
    },
  },
  {
    // The domain is pure: no clock, no randomness, no input or output, no waiting.
    files: ['packages/domain/src/**'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [{ name: '@profile-warden/events', allowTypeImports: true, allowImportNames: PURE_EVENTS }],
        },
      ],
      'no-restricted-globals': [
        'error',
        'Date',
        'setTimeout',
        'setInterval',
        'process',
        'performance',
        'crypto',
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
      'no-restricted-syntax': [
        'error',
        { selector: ':function[async=true]', message: 'The domain does not wait.' },
        { selector: 'AwaitExpression', message: 'The domain does not wait.' },
      ],
    },
  },
  {
    files: [
      'apps/**',
      'bench/**',
      'scripts/**',
      'packages/devstack/src/**',
      'packages/kafka/src/deploy-topic.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { URL: 'readonly', console: 'readonly', process: 'readonly' } },
  },
  prettier,
);
