const BOUND_MS = 20_000;

/** Sends the messages one after the other, each when the one before was answered; a closed socket ends it too. */
export function exchange(url: string, messages: readonly object[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const waiting = messages.map((message) => JSON.stringify(message));
    const timer = setTimeout(() => reject(new Error('the browser did not answer')), BOUND_MS);
    const next = () => {
      const message = waiting.shift();
      if (message === undefined) finish();
      else socket.send(message);
    };
    const finish = () => {
      clearTimeout(timer);
      socket.close();
      resolve();
    };
    let isOpen = false;
    socket.addEventListener('open', () => {
      isOpen = true;
      next();
    });
    socket.addEventListener('message', ({ data }) => {
      // Events of the browser come in between.
      if (String(data).includes('"id"')) next();
    });
    socket.addEventListener('close', finish);
    // A browser may end before it has taken leave.
    socket.addEventListener('error', () => {
      if (isOpen) finish();
      else reject(new Error(`no socket at ${url}`));
    });
  });
}
