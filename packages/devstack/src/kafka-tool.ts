import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJava } from './java.ts';

const TOOL_BOUND_MS = 60_000;
const TOOL_LOG_CONFIG = fileURLToPath(new URL('../parts/tool-log4j2.xml', import.meta.url));

export type KafkaToolOptions = {
  /** Ended with SIGTERM after this long; the result then has the signal. Milliseconds, default 60 000. */
  boundMs?: number;
  /** Sent to its standard input (for the console producer). */
  input?: string;
  /** Asked about each line of its output: where it says yes, the tool has said enough and is ended with SIGTERM. */
  isEnough?: (line: string) => boolean;
};
export type KafkaToolResult = {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
};

/** JVM options for tools that live for seconds: a quick start matters, peak speed does not. */
export const TOOL_JVM_OPTIONS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m', '-Xshare:auto'];

export function kafkaClassPath(libsDir: string): string {
  return join(libsDir, '*');
}

/**
 * Runs one of Kafka's own Java tools, such as `org.apache.kafka.tools.consumer.ConsoleConsumer` or
 * `org.apache.kafka.tools.DumpLogSegments`, from the jars of an embedded stack (`stack.kafkaLibsDir`).
 */
export async function kafkaTool(
  libsDir: string,
  mainClass: string,
  args: readonly string[],
  options: KafkaToolOptions = {},
): Promise<KafkaToolResult> {
  if (libsDir === '') {
    throw new Error(`No jars to run ${mainClass} from: this stack runs in Docker. Use an embedded stack.`);
  }
  const java = await findJava();
  const jvm = [...TOOL_JVM_OPTIONS, `-Dlog4j2.configurationFile=${TOOL_LOG_CONFIG}`];
  return new Promise((resolve, reject) => {
    const tool = spawn(java, [...jvm, '-cp', kafkaClassPath(libsDir), mainClass, ...args], {
      stdio: 'pipe',
      timeout: options.boundMs ?? TOOL_BOUND_MS,
    });
    // In pieces: a dump has tens of megabytes, and to look into a growing text copies all of it each time.
    const stdout: string[] = [];
    let stderr = '';
    let begun = '';
    tool.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout.push(text);
      const lines = (begun + text).split('\n');
      begun = lines.pop() ?? '';
      for (const line of lines) if (options.isEnough?.(line) === true) tool.kill('SIGTERM');
    });
    tool.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // A tool that ends without reading its input is no fault of the caller.
    tool.stdin.on('error', () => undefined);
    tool.stdin.end(options.input ?? '');
    tool.once('error', reject);
    tool.once('close', (code, signal) => resolve({ code, signal, stdout: stdout.join(''), stderr }));
  });
}
