import { describe, expect, it } from 'vitest';
import { findJava, javaMajor } from './java.ts';
import { fakeProgram, scratch } from './scratch.ts';

describe('finding Java', () => {
  it('says so when there is none', async () => {
    using place = scratch();
    await expect(findJava({ PATH: place.dir })).rejects.toMatchObject({
      code: 'java-missing',
      message: expect.stringContaining('--stack docker') as string,
    });
  });

  it('names JAVA_HOME when that is what points nowhere', async () => {
    await expect(findJava({ JAVA_HOME: '/nowhere' })).rejects.toThrow('/nowhere/bin/java (from JAVA_HOME)');
  });

  it('refuses one that is too old, and names its version', async () => {
    using place = scratch();
    const env = fakeProgram(place.dir, 'java', `echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
    await expect(findJava(env)).rejects.toMatchObject({
      code: 'java-too-old',
      message: expect.stringContaining('Java 11') as string,
    });
  });

  it('takes one that is new enough', async () => {
    using place = scratch();
    const env = fakeProgram(place.dir, 'java', `echo 'openjdk version "21" 2023-09-19' >&2`);
    await expect(findJava(env)).resolves.toBe('java');
  });

  it('reads old and new version texts', () => {
    expect(javaMajor('java version "1.8.0_292"')).toBe(8);
    expect(javaMajor('openjdk version "17.0.15" 2025-04-15')).toBe(17);
    expect(javaMajor('something else')).toBeUndefined();
  });
});
