/**
 * Runs what a command line asks for, and ends the process with the code it returns: 2 and the usage where a RangeError
 * says that the words make no sense.
 */
export const runCommand = async (
  usage: string,
  isForHelp: boolean,
  run: () => Promise<number>,
): Promise<void> => {
  try {
    if (isForHelp) process.stdout.write(`${usage}\n`);
    else process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  }
};
