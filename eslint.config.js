import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const only = (name, ...allowed) => ({
  group: [name, `${name}/*`],
  message: `Only ${allowed.join(', ')} may import ${name}: go through its index.`,
});
const KAFKA = only('kafkajs', 'packages/kafka');
const REGISTRY = only('@kafkajs/*', 'packages/kafka');
const PG = only('pg', 'packages/postgres', 'packages/fence (types)');

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
      'no-restricted-imports': ['error', { patterns: [KAFKA, REGISTRY, PG] }],
      'max-lines': ['error', { max: 300 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-console': 'error',
    },
  },
  { files: ['packages/kafka/**'], rules: { 'no-restricted-imports': ['error', { patterns: [PG] }] } },
  {
    files: ['packages/postgres/**', 'packages/fence/**', 'packages/devstack/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [KAFKA, REGISTRY] }] },
  },
  {
    // The domain is pure: no clock, no randomness, no input or output, no waiting.
    files: ['packages/domain/src/**'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [KAFKA, REGISTRY, PG, { group: ['node:*'] }] }],
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
  { files: ['**/*.mjs', '**/*.js', '**/*.cjs'], extends: [tseslint.configs.disableTypeChecked] },
  prettier,
);
