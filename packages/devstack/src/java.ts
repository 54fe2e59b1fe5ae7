import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DevstackError } from './error.ts';

const OLDEST_JAVA = 17;
const VERSION_BOUND_MS = 20_000;
const INSTALL = `Install a Java runtime of version ${OLDEST_JAVA} or newer (Debian: apt-get install openjdk-17-jre-headless, macOS: brew install openjdk), or use Docker: --stack docker.`;

/** 17 for "17.0.15", 8 for "1.8.0_292". */
export function javaMajor(versionText: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(versionText);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** The Java to start the parts with: that of JAVA_HOME, else the first on PATH. */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const home = env['JAVA_HOME'];
  const java = home === undefined || home === '' ? 'java' : `${home}/bin/java`;
  let answer: string;
  try {
    const { stdout, stderr } = await promisify(execFile)(java, ['-version'], {
      env,
      timeout: VERSION_BOUND_MS,
    });
    answer = stderr + stdout;
  } catch (error) {
    // macOS has a java that only asks for an installation: it is found, and fails.
    const how = home === undefined || home === '' ? 'on PATH' : `at ${java} (from JAVA_HOME)`;
    throw new DevstackError('java-missing', `No working Java ${how}. ${INSTALL}`, { cause: error });
  }
  const major = javaMajor(answer);
  if (major !== undefined && major < OLDEST_JAVA) {
    throw new DevstackError(
      'java-too-old',
      `Java ${major} is too old for Kafka: it needs ${OLDEST_JAVA} or newer. ${INSTALL}`,
    );
  }
  return java;
}
