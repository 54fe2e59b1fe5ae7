export type { FenceClient } from './client.ts';
export { FenceRefusedError, FenceUsageError } from './error.ts';
export type { RefusalCode, RefusalKind, RefusalReason } from './error.ts';
export { FENCE_VERSION, installFence, installedFence, readFenceSql } from './install.ts';
export { MAX_PROFILE_ID_LENGTH, MAX_TOKEN, requireToken } from './require-token.ts';
export type { RequireTokenOptions } from './require-token.ts';
